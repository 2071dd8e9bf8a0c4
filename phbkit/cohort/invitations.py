"""Inviting a cohort: a table of people in, the same table with everybody's personal link out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from phbkit.cohort.csv_files import csv_file
from phbkit.cohort.reading import CohortError
from phbkit.errors import Fault
from phbkit.records.learners import LEARNER, Learner
from phbkit.tables import PRINTABLE, CsvTable, Row

LINK = "link"


class _Person(Row, extra="allow"):
    """Who is to be invited; other columns are the sender's own."""

    UNIQUE, FIELD = "learner", ""

    learner: Annotated[str, Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,118}$",
        description="learner {0!r} must be 1 to 119 letters, digits or . _ @ + - and begin with a "
        "letter or digit. An id of your own is better than an e-mail address.",
    )]  # fmt: skip
    name: Annotated[str, Field(
        min_length=1, max_length=120, pattern=PRINTABLE,
        description="name must be what {cells[learner]!r} is called, in at most 120 characters.",
    )]  # fmt: skip
    cohort: Annotated[str, Field(
        max_length=60, pattern=PRINTABLE, description="cohort must have at most 60 characters."
    )] = ""  # fmt: skip
    role: Annotated[Literal["", "learner", "trainer"], Field(
        description="role must be learner, trainer or empty, not {0!r}."
    )] = ""  # fmt: skip


@dataclass(frozen=True)
class People:
    """Who is to be invited, and the rows they came in, with columns of the sender's own."""

    rows: tuple[dict[str, str], ...]
    learners: tuple[Learner, ...]


def read_people(file: Path) -> People:
    """Read a table of people as CSV: `learner,name` and, where wanted, `cohort,role`.

    Raises
    ------
    CohortError
        Everything that is wrong with it, by line.
    """
    table = CsvTable(file, _Person)
    lines = list(table)
    if LINK in table.headings:
        cure = "which is where the links go. Take it out."
        table.faults.append(Fault(file, 1, "", f"has a column {LINK!r},", cure))
    if not lines and not table.faults:
        table.faults.append(Fault(file, 0, "", "has nobody in it.", ""))
    if table.faults:
        raise CohortError.of("Nobody was invited.", table.faults)
    rows = [line.row for line in lines]
    learners = [Learner(row.learner, row.name, row.cohort, row.role or LEARNER) for row in rows]
    return People(tuple(line.cells for line in lines), tuple(learners))


def write_links(file: Path, people: People, links: Sequence[str], until: str) -> None:
    """Write the table with a link for everybody who has one, as spreadsheets on Windows read it."""
    header = [*people.rows[0], LINK, "until"]
    with csv_file(file, header, encoding="utf-8-sig", end="\r\n") as write:
        for row, link in zip(people.rows, links, strict=True):
            if link:
                write([*row.values(), link, until])
