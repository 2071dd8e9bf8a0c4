"""Panels: whose judgements form a concordance key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from phbkit.casebank.faults import fault
from phbkit.casebank.models import PanelFile
from phbkit.casebank.reading import file_inside
from phbkit.errors import Fault
from phbkit.tables import CsvTable, Row

SCALE = (-2, -1, 0, 1, 2)
SMALLEST_SUMMATIVE_PANEL = 10


class Panel(PanelFile):
    """The judgements of one panel.

    `judgements[question]` holds what each panellist chose, and `roles` who they are, both in the
    order of the file's rows.
    """

    judgements: dict[str, tuple[int, ...]]
    roles: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many panellists there are."""
        return len(self.roles)

    @cached_property
    def counts(self) -> dict[str, tuple[int, ...]]:
        """By question, how many panellists chose each of -2, -1, 0, 1, 2, in that order."""
        given = self.judgements.items()
        return {question: tuple(map(chosen.count, SCALE)) for question, chosen in given}

    @property
    def formative_only(self) -> str:
        """Say why the panel may not decide a pass, or return an empty string."""
        if self.illustrative:
            return "the panel is illustrative: nobody real gave these judgements"
        if self.size < SMALLEST_SUMMATIVE_PANEL:
            return f"the panel has {self.size} members, fewer than {SMALLEST_SUMMATIVE_PANEL}"
        return ""


class _Panellist(Row, extra="allow"):
    """A row of a panel's file; every column beside these two is a concordance question."""

    OTHERS = "must be -2, -1, 0, 1 or 2; found {0!r}."
    CURE = "Change it."
    UNIQUE = "panellist"

    __pydantic_extra__: dict[str, Literal["-2", "-1", "0", "1", "2"]]
    panellist: str = ""
    role: str = ""


def read_panel(spec: PanelFile, folder: Path, questions: Sequence[str]) -> Panel | list[Fault]:
    """Read a panel's CSV file: one row a panellist, one column a question, -2 to 2."""
    file = file_inside(folder, spec.file, f"panels.{spec.id}")
    if isinstance(file, list):
        return file
    table = CsvTable(file, _Panellist, needed=questions)
    lines = list(table)
    if table.faults or not lines:
        return table.faults or [fault(file, "panel-of-nobody", 1)]
    judgements = {q: tuple(int(line.cells[q]) for line in lines) for q in questions}
    roles = tuple(line.row.role for line in lines)
    return Panel(**dict(spec), judgements=judgements, roles=roles)
