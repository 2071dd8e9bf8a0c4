"""Panels: whose judgements form a concordance key."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from phbkit.casebank.models import PanelFile
from phbkit.errors import Fault

SCALE = (-2, -1, 0, 1, 2)
_STRANGE = "is not a concordance question of this case."
_STEPS = {str(step) for step in SCALE}
SMALLEST_SUMMATIVE_PANEL = 10


@dataclass(frozen=True)
class Panel:
    """The judgements of one panel.

    `counts[question]` holds how many panellists chose each of -2, -1, 0, 1, 2, in that order;
    `judgements[question]` what each of them chose, and `roles` who they are, both in row order.
    """

    id: str
    title: str
    size: int
    illustrative: bool
    note: str
    counts: dict[str, tuple[int, ...]]
    judgements: dict[str, tuple[int, ...]] = field(default_factory=dict)
    roles: tuple[str, ...] = ()

    @property
    def formative_only(self) -> str:
        """Say why the panel may not decide a pass, or return an empty string."""
        if self.illustrative:
            return "the panel is illustrative: nobody real gave these judgements"
        if self.size < SMALLEST_SUMMATIVE_PANEL:
            return f"the panel has {self.size} members, fewer than {SMALLEST_SUMMATIVE_PANEL}"
        return ""


def read_panel(spec: PanelFile, folder: Path, questions: Sequence[str]) -> Panel | list[Fault]:
    """Read a panel's CSV file: one row a panellist, one column a question, -2 to 2."""
    file = (folder / spec.file).resolve()
    if not file.is_relative_to(folder.resolve()):
        cure = "Keep panel files inside the case's folder."
        return [Fault(folder / "case.yaml", 0, f"panels.{spec.id}", "points outside.", cure)]
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            rows = dict((reader.line_num, row) for row in reader)  # noqa: C402  in this order
            header = list(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return [Fault(file, 0, "", f"cannot be read: {error}.", "Give a UTF-8 CSV file.")]
    faults = [*_header_faults(file, header, questions)]
    if not faults:
        faults = [*_row_faults(file, rows, questions)]
    if faults:
        return faults
    judgements = {
        question: tuple(int(row[question]) for row in rows.values()) for question in questions
    }
    counts = {
        question: tuple(given.count(step) for step in SCALE)
        for question, given in judgements.items()
    }
    roles = tuple(row.get("role") or "" for row in rows.values())
    return Panel(
        spec.id, spec.title, len(rows), spec.illustrative, spec.note, counts, judgements, roles
    )


def _header_faults(file: Path, header: list[str], questions: Sequence[str]) -> Iterator[Fault]:
    judged = [name for name in header if name not in {"panellist", "role"}]
    for name in questions:
        if name not in judged:
            yield Fault(file, 1, name, "has no column.", "Add the panel's judgements.")
    for name, count in Counter(judged).items():
        if name not in questions:
            yield Fault(file, 1, name, _STRANGE, "Take it out.")
        if count > 1:
            yield Fault(file, 1, name, "has two columns.", "Keep one.")


def _row_faults(
    file: Path, rows: Mapping[int, Mapping[str, str]], questions: Sequence[str]
) -> Iterator[Fault]:
    if not rows:
        yield Fault(file, 1, "", "has nobody in it.", "Add one row for each panellist.")
    seen: set[str] = set()
    for line, row in rows.items():
        if None in row:
            yield Fault(file, line, "", "has more cells than headings.", "Take the extra out.")
        name = row.get("panellist") or ""
        if name in seen:
            yield Fault(file, line, "panellist", f"repeats {name!r}.", "Keep one row each.")
        seen |= {name} - {""}
        for question in questions:
            if row[question] not in _STEPS:
                problem = f"must be -2, -1, 0, 1 or 2; found {row[question]!r}."
                yield Fault(file, line, question, problem, "Change it.")
