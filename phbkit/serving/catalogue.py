"""The catalogue: which modules there are, and how far a learner has come in each."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from phbkit.casebank import Case, CaseBank
from phbkit.casebank.models import Sitting
from phbkit.errors import CaseError, UnknownNameError
from phbkit.records.attempts import Store
from phbkit.text import clock, long_date
from phbkit.workbook.module import Module

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Card:
    """One module, and a learner's latest attempt at it: the steps that are closed, and when."""

    name: str
    learner: str
    case: Case
    closed: Mapping[str, dt.datetime]

    @property
    def finished(self) -> bool:
        """Whether every step is done."""
        return len(self.closed) >= len(self.case.steps)

    @property
    def saved(self) -> str:
        """When the latest step was done, in words; empty where none is."""
        last = max(self.closed.values(), default=None)
        return f"on {long_date(last.astimezone().date())} at {clock(last)}" if last else ""

    @property
    def sittings(self) -> list[tuple[Sitting, float]]:
        """The sittings of the case, each with how much of it is done, from 0 to 1."""
        return [
            (sitting, sum(step in self.closed for step in steps) / len(steps))
            for sitting, steps in self.case.sittings.items()
        ]

    @property
    def left(self) -> list[Sitting]:
        """The sittings that are not done."""
        return [sitting for sitting, done in self.sittings if done < 1]

    @property
    def at(self) -> int:
        """The place of the step that the learner is at, from 0."""
        left = (place for place, step in enumerate(self.case.steps) if step not in self.closed)
        return next(left, len(self.case.steps) - 1)


class Catalogue:
    """The workbooks of one installation, and where learners are in them.

    Parameters
    ----------
    workbooks
        A folder of notebooks; those are modules that name a case in their metadata.
    """

    def __init__(self, workbooks: Path, bank: CaseBank, store: Store) -> None:
        self._store = store
        self.cases = cases_in(workbooks, bank)

    def card(self, learner: str, name: str) -> Card:
        """Return one module, with how far a learner has come."""
        attempt = self._store.latest(learner, self.cases[name].id)
        closed = self._store.closed_steps(attempt.id) if attempt else {}
        return Card(name, learner, self.cases[name], closed)

    def cards(self, learner: str) -> list[Card]:
        """List the modules, each with how far a learner has come."""
        return [self.card(learner, name) for name in self.cases]

    def entries(self, learner: str) -> dict[str, Module]:
        """Give what a learner has finished, by the id of the attempt, the latest first."""
        cases = {case.id: case for case in self.cases.values()}
        attempts = [each for each in self._store.finished(learner) if each.case_id in cases]
        played = {
            each.id: Module(cases[each.case_id], self._store.journal(each.id))
            for each in reversed(attempts)
        }
        return {name: module for name, module in played.items() if "cpd" in module.answers}

    def next_of(self, cards: Iterable[Card]) -> Card | None:
        """Choose what to go on with: what was played last and is not finished.

        Where nothing was begun, it is the first module with somebody to talk with, or the first.
        """
        unfinished = [card for card in cards if not card.finished]
        started = [card for card in unfinished if card.closed]
        if started:
            return max(started, key=lambda card: max(card.closed.values()))
        return next(iter(sorted(unfinished, key=lambda card: not card.case.talks)), None)

    def start_again(self, card: Card) -> None:
        """Begin a new attempt at a module; the earlier one is kept.

        Raises
        ------
        RefusedError
            As many were begun within a day as may be.
        """
        self._store.start(card.learner, card.case.id, card.case.version)


def cases_in(workbooks: Path, bank: CaseBank) -> dict[str, Case]:
    """Load the cases that notebooks name, in the order of their metadata; none that has faults."""
    found: list[tuple[int, str, Case]] = []
    for file in workbooks.glob("*.ipynb"):
        about = json.loads(file.read_text(encoding="utf-8"))["metadata"].get("phbkit", {})
        try:
            if case_id := about.get("case"):
                found.append((int(about.get("order", 9)), file.stem, bank.load(case_id)))
        except (CaseError, UnknownNameError) as error:
            _log.warning("%s is not served. %s", file.name, error)
    return {name: case for _, name, case in sorted(found, key=lambda each: each[:2])}
