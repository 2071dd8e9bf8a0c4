"""A journal: what was done in one attempt, in order, and only ever added to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from phbkit.casebank.models import AGAIN, TALK_STEPS
from phbkit.errors import RecordsError

STEP_CLOSED = ""
Answers = Mapping[str, Any]
_CHANGEABLE = {"plan", "ledger", *TALK_STEPS}  # a plan until there is a decision


@dataclass(frozen=True)
class Event:
    """One answer as it was written; `question` is empty where a step was closed."""

    seq: int
    step: str
    question: str
    value: Any
    at: dt.datetime
    submission: str


class StaleError(RecordsError):
    """Somebody else, or another window, has written to the attempt since it was last read."""


class Journal(Protocol):
    """Where the events of one attempt are kept."""

    def events(self) -> list[Event]:
        """List every event in the order written."""

    def append(
        self, submission: str, step: str, answers: Answers, *, after: int, closes: bool = True
    ) -> dt.datetime:
        """Write a step's answers and, unless they stop it, close it; return the time written.

        All or nothing is written. The same `submission` a second time writes nothing and returns
        the first time.

        Raises
        ------
        StaleError
            The journal's last event is not number `after`.
        RecordsError
            The answers could not be written. None was.
        """

    def draft(self, step: str) -> dict[str, Any]:
        """Return what was last typed into a step that is not answered yet."""

    def keep_draft(self, step: str, values: Mapping[str, Any]) -> dt.datetime:
        """Keep what is typed so far. A draft is not an answer and is never scored."""


def rows(answers: Mapping[str, Any], *, closes: bool = True) -> Iterable[tuple[str, Any]]:
    """List the events one submission becomes: its answers, then the closing of the step."""
    yield from answers.items()
    if closes:
        yield STEP_CLOSED, None


def answers_in(events: Iterable[Event]) -> dict[str, Any]:
    """Fold events into answers: by question the one that counts, and the tries after it.

    A later answer takes the place of an earlier one until a submission stops its step: what it
    answered stays, a plan with the decision on it, and later answers are listed under
    `<question>.again`.
    """
    answers: dict[str, Any] = {}
    fixed: set[str] = set()
    for _, group in groupby(events, key=lambda event: (event.submission, event.step)):
        written = {event.question: event.value for event in group}
        closes = STEP_CLOSED in written
        written.pop(STEP_CLOSED, None)
        for question, value in written.items():
            if question in fixed:
                answers.setdefault(question + AGAIN, []).append(value)
            else:
                answers[question] = value
        if not closes:
            fixed |= written.keys() - _CHANGEABLE
            fixed |= {"plan"} if "decision" in written else set()
    return answers


class MemoryJournal:
    """A journal that lives as long as the program: for replays and for tests."""

    def __init__(self, clock: dt.datetime) -> None:
        self._clock = clock
        self._events: list[Event] = []

    def events(self) -> list[Event]:
        """List every event in the order written."""
        return list(self._events)

    def append(
        self, submission: str, step: str, answers: Answers, *, after: int, closes: bool = True
    ) -> dt.datetime:
        """Add a step's answers; see Journal.append."""
        if submission not in {event.submission for event in self._events}:
            if after != len(self._events):
                raise StaleError(f"The attempt has {len(self._events)} events, not {after}.")
            numbered = enumerate(rows(answers, closes=closes), start=after + 1)
            self._events += [Event(n, step, *what, self._clock, submission) for n, what in numbered]
        return self._clock

    def draft(self, step: str) -> dict[str, Any]:
        """Drafts are not kept in memory."""
        return {}

    def keep_draft(self, step: str, values: Mapping[str, Any]) -> dt.datetime:
        """Drafts are not kept in memory."""
        return self._clock
