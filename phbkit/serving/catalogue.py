"""The shelf: which workbooks there are, and how far a learner has come in each."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phbkit.casebank import Case, CaseBank
from phbkit.errors import CaseError, UnknownNameError
from phbkit.records.attempts import Store
from phbkit.text import clock, long_date, quotes

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Card:
    """One module on the start page. `saved` says when, in words; it is empty before."""

    name: str
    title: str
    summary: str
    minutes: int
    draft: bool
    steps: int
    done: int
    saved: str

    @property
    def finished(self) -> bool:
        """Whether every step is done."""
        return self.done >= self.steps


class Shelf:
    """The workbooks of one installation, and where learners are in them."""

    def __init__(self, workbooks: Path, bank: CaseBank, store: Store) -> None:
        self._store = store
        self._cases = {
            file.stem: case
            for file in sorted(workbooks.glob("*.ipynb"), key=_order)
            if (case := _case_of(file, bank))
        }

    def has(self, name: str) -> bool:
        """Say whether there is a module of this name."""
        return name in self._cases

    @property
    def cases(self) -> list[Case]:
        """The cases that are played, in the order of their modules."""
        return list(self._cases.values())

    def cards(self, learner: str) -> list[Card]:
        """List the modules, each with how far a learner has come."""
        return [self._card(learner, name, case) for name, case in self._cases.items()]

    def open_step(self, learner: str, name: str) -> int:
        """Return the place of the step that a learner is at, from 0."""
        case = self._cases[name]
        attempt = self._store.latest(learner, case.id)
        closed = self._store.closed_steps(attempt.id) if attempt else {}
        left = (place for place, step in enumerate(case.steps) if step not in closed)
        return next(left, len(case.steps) - 1)

    def start_again(self, learner: str, name: str) -> None:
        """Begin a new attempt at a module; the earlier one is kept."""
        case = self._cases[name]
        self._store.start(learner, case.id, case.version)

    def _card(self, learner: str, name: str, case: Case) -> Card:
        attempt = self._store.latest(learner, case.id)
        closed = self._store.closed_steps(attempt.id) if attempt else {}
        last = max(closed.values(), default=None)
        saved = f"on {long_date(last.astimezone().date())} at {clock(last)}" if last else ""
        about = case.about
        return Card(
            name,
            about.title,
            quotes(about.summary),
            about.minutes,
            case.draft,
            len(case.steps),
            len(closed),
            saved,
        )


def _order(file: Path) -> tuple[int, str]:
    """Sort by the order that a notebook's metadata gives, then by name."""
    return int(_metadata(file).get("order", 9)), file.stem


def _metadata(file: Path) -> dict[str, Any]:
    notebook = json.loads(file.read_text(encoding="utf-8"))
    return dict(notebook.get("metadata", {}).get("phbkit", {}))


def _case_of(file: Path, bank: CaseBank) -> Case | None:
    """Load the case that a notebook's metadata names; None when it has none, or has faults."""
    case_id = _metadata(file).get("case")
    try:
        return bank.load(case_id) if case_id else None
    except (CaseError, UnknownNameError) as error:
        _log.warning("%s is not served. %s", file.name, error)
        return None
