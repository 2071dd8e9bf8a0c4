"""An attempt on the learner's own device: played here, and kept by the page that asks.

Everything comes and goes as JSON. What a message writes is handed over to be kept; until that is
done nothing is acknowledged, and where it fails `forget` takes it back.
"""

from __future__ import annotations

import datetime as dt
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from phbkit.casebank import Case
from phbkit.records import StaleError
from phbkit.records.journal import Answers, Event, rows
from phbkit.workbook.live import LiveModule, LivePage
from phbkit.workbook.module import Module

CASES = TypeAdapter(Case)
OPTIONS = {"home": "../index.html"}
_EVENTS = TypeAdapter(list[Event])


def _now() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)


class DeviceJournal:
    """A journal of which somebody else keeps what is written.

    Parameters
    ----------
    clock
        Says what time it is.
    """

    def __init__(self, clock: Callable[[], dt.datetime] = _now) -> None:
        self._clock = clock
        self._events: list[Event] = []
        self._drafts: dict[str, dict[str, Any]] = {}
        self._kept = 0
        self.typed: set[str] = set()

    def events(self) -> list[Event]:
        """List every event in the order written."""
        return list(self._events)

    @property
    def written(self) -> list[Event]:
        """The events that are not known to be kept."""
        return self._events[self._kept :]

    def take(self, events: Iterable[Event], drafts: Mapping[str, Any]) -> None:
        """Take what is kept: events after those that are here, and drafts."""
        self._events += events
        self._drafts |= drafts
        self.settle(kept=True)

    def settle(self, *, kept: bool) -> None:
        """Note that what was written is kept, or forget it."""
        if not kept:
            del self._events[self._kept :]
        self._kept = len(self._events)
        self.typed = set()

    def append(
        self, submission: str, step: str, answers: Answers, *, after: int, closes: bool = True
    ) -> dt.datetime:
        """Write a step's answers; see Journal.append."""
        for event in self._events:
            if (event.submission, event.step) == (submission, step):
                return event.at
        if after != len(self._events):
            raise StaleError(f"The attempt has {len(self._events)} events, not {after}.")
        moment = self._clock()
        numbered = enumerate(rows(answers, closes=closes), start=after + 1)
        self._events += [Event(n, step, *what, moment, submission) for n, what in numbered]
        self.keep_draft(step, {})
        return moment

    def draft(self, step: str) -> dict[str, Any]:
        """Return what was last typed into a step that is not answered yet."""
        return self._drafts.get(step, {})

    def keep_draft(self, step: str, values: Mapping[str, Any]) -> dt.datetime:
        """Keep what is typed so far."""
        self._drafts[step] = dict(values)
        self.typed.add(step)
        return self._clock()


class Device:
    """A module that is played where its learner is.

    Parameters
    ----------
    case
        The case as JSON, written by `CASES`.
    clock
        Says what time it is.
    """

    def __init__(self, case: str, clock: Callable[[], dt.datetime] = _now) -> None:
        self._case, self._clock = CASES.validate_json(case), clock

    def open(self, kept: str) -> None:
        """Take up an attempt: `kept` has its `events` and its `drafts`, by step."""
        found = json.loads(kept)
        self._journal = DeviceJournal(self._clock)
        self._journal.take(_EVENTS.validate_python(found["events"]), found["drafts"])
        self._playing = LiveModule(Module(self._case, self._journal, OPTIONS), self._see)
        self._page: Callable[[str], LivePage] = self._playing.page
        self._changed = False

    def page(self, step: str) -> str:
        """Render what a step shows now."""
        return json.dumps(self._page(step))

    def receive(self, step: str, message: str, fresh: str) -> str:
        """Answer a message from the form of a step.

        Parameters
        ----------
        fresh
            Events that another window has kept since.

        Returns
        -------
        str
            The `reply` and its `files`; the `events` and `drafts` to keep; whether what the steps
            show has `changed`; and how far the learner is.
        """
        self._journal.take(_EVENTS.validate_json(fresh), {})
        self._page, self._changed = self._playing.page, False
        reply, files = self._playing.answer(step, json.loads(message))
        module = self._playing.module
        done = {
            "reply": reply,
            "files": [b64encode(file).decode() for file in files],
            "events": [asdict(event) for event in self._journal.written],
            "drafts": {each: self._journal.draft(each) for each in self._journal.typed},
            "changed": self._changed,
            "done": len(module.closed),
            "of": len(module.steps),
            "finished": module.current is None,
        }
        return json.dumps(done, default=str)

    def settle(self, kept: bool) -> None:
        """Note that what the last message wrote is kept; or forget it."""
        self._journal.settle(kept=kept)
        if not kept:
            self._playing.module.refresh()

    def _see(self, page: Callable[[str], LivePage], *, again: bool) -> None:
        self._page, self._changed = page, True
