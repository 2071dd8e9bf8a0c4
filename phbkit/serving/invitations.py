"""Inviting a cohort: a table of people in, the same table with everybody's personal link out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from phbkit.errors import PhbError
from phbkit.records.learners import LEARNER, TRAINER, Learner
from phbkit.text import neutral

_NEEDED = ("learner", "name")
_KNOWN = (*_NEEDED, "cohort", "role")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,118}")
_LONGEST_NAME, _LONGEST_COHORT = 120, 60
_MOST_TOLD = 20
LINK = "link"


class PeopleError(PhbError):
    """A table of people that cannot be taken: what is wrong on which line. Nobody was invited."""


@dataclass(frozen=True)
class People:
    """Who is to be invited, and the table they came in, with columns of the sender's own."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    learners: tuple[Learner, ...]


def read_people(file: Path) -> People:
    """Read a table of people as CSV: `learner,name` and, where wanted, `cohort,role`.

    Raises
    ------
    PeopleError
        Everything that is wrong with it, by line.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PeopleError(f"{file}: there is no such file.") from None
    except UnicodeDecodeError:
        raise PeopleError(f"{file}: is not UTF-8. Save it as CSV UTF-8.") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        columns = tuple(name.strip() for name in reader.fieldnames or ())
        reader.fieldnames = list(columns)
        problems = [f"{file}:1: {problem}" for problem in _columns(columns)]
        found = [(reader.line_num, row) for row in reader] if not problems else []
    except csv.Error as error:
        raise PeopleError(f"{file}:{reader.line_num}: cannot be read as CSV: {error}.") from error
    seen: dict[str, int] = {}
    learners = []
    for line, row in found:
        told = list(_row(row, line, seen))
        problems += [f"{file}:{line}: {problem}" for problem in told]
        if not told:
            learners.append(_learner(row))
    if not problems and not learners:
        problems = [f"{file}: has nobody in it."]
    if problems:
        more = len(problems) - _MOST_TOLD
        rest = [f"and {more} more"] if more > 0 else []
        listed = "\n  ".join([*problems[:_MOST_TOLD], *rest])
        raise PeopleError(f"Nobody was invited.\n  {listed}")
    return People(columns, tuple(row for _, row in found), tuple(learners))


def _columns(columns: Sequence[str]) -> Iterable[str]:
    for name in _NEEDED:
        if name not in columns:
            there = ", ".join(columns) or "none"
            yield f"has no column {name!r}. Its columns: {there}. Needed: learner, name."
    for name in sorted({name for name in columns if columns.count(name) > 1}):
        yield f"has two columns {name!r}."
    if LINK in columns:
        yield f"has a column {LINK!r}, which is where the links go. Take it out."


def _row(row: dict[str, str], line: int, seen: dict[str, int]) -> Iterable[str]:
    if "" in row:
        yield "has more cells than the table has columns."
        return
    if any(value is None for value in row.values()):
        yield "has fewer cells than the table has columns."
        return
    who, name = row["learner"].strip(), row["name"].strip()
    if not _ID.fullmatch(who):
        yield (
            f"learner {who!r} must be 1 to 119 letters, digits or . _ @ + - and begin with a "
            "letter or digit. An id of your own is better than an e-mail address."
        )
    elif who in seen:
        yield f"learner {who!r} is on line {seen[who]} already."
    seen.setdefault(who, line)
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        yield f"name must be what {who!r} is called, in at most {_LONGEST_NAME} characters."
    cohort = row.get("cohort", "").strip()
    if len(cohort) > _LONGEST_COHORT or not cohort.isprintable():
        yield f"cohort must have at most {_LONGEST_COHORT} characters."
    if row.get("role", "").strip() not in {"", LEARNER, TRAINER}:
        yield f"role must be {LEARNER}, {TRAINER} or empty, not {row['role'].strip()!r}."


def _learner(row: dict[str, str]) -> Learner:
    cell = {name: row.get(name, "").strip() for name in _KNOWN}
    return Learner(cell["learner"], cell["name"], cell["cohort"], cell["role"] or LEARNER)


def links_table(people: People, links: Sequence[str], until: str) -> str:
    """Return the table with a link for everybody, as CSV that no spreadsheet takes for formulas."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow([*map(neutral, people.columns), LINK, "until"])
    for row, link in zip(people.rows, links, strict=True):
        table.writerow([*(neutral(row[name]) for name in people.columns), link, until])
    return written.getvalue()
