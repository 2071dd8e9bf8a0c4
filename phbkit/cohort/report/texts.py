"""Free texts for two blind markers: what they fill in, and what comes of it.

`for_marking.csv` names nobody. `marking_key.json` says whose text is whose: keep it from markers.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from math import isnan, nan
from pathlib import Path

import pandas as pd

from phbkit.cohort.report.render import Column, column, write_csv
from phbkit.cohort.report.results import Run, Text
from phbkit.cohort.statistics.marker_agreement import compare_markers, look_together
from phbkit.errors import PhbError
from phbkit.files import part_of, write_whole
from phbkit.tables import Row, read_table
from phbkit.text import neutral

TO_MARK, KEY_FILE, MARKED = "for_marking.csv", "marking_key.json", "marked_texts.csv"
_ID = "text_id"
_FORMAT = "phbkit-marking/1"


class MarksError(PhbError):
    """A file of marks that cannot be used: what is wrong, on which line."""


def write_for_marking(folder: Path, texts: Sequence[Text]) -> dict[str, Text]:
    """Write the texts for markers, and the key that only the trainer keeps.

    The ids are the same each time, as long as the key file is there and a text is not changed.

    Returns
    -------
    dict
        The texts by id.

    Raises
    ------
    MarksError
        The key file that is there cannot be read, or somebody has put marks into the table.
    """
    secret = _secret(folder / KEY_FILE)
    by_id = ids(texts, secret)
    if _has_marks(folder / TO_MARK):
        problem = f"{folder / TO_MARK} has marks in it, and would be written anew. Move it away."
        raise MarksError(problem)
    key = {
        "format": _FORMAT,
        "secret": secret,
        "texts": {
            name: {"learner": text.learner, "case": text.case, "question": text.question}
            for name, text in by_id.items()
        },
    }
    write_whole(folder / KEY_FILE, json.dumps(key, ensure_ascii=False, indent=1).encode() + b"\n")
    marks = [f"mark_{n + 1}" for n in range(max((len(t.rubric) for t in texts), default=1))]
    # By question and then by id: the order of the cohort would say who wrote what.
    rows = sorted(by_id.items(), key=lambda entry: (entry[1].case, entry[1].question, entry[0]))
    with part_of(folder / TO_MARK) as part, Path(part).open("w", encoding="utf-8", newline="") as f:
        table = csv.writer(f, lineterminator="\n")
        table.writerow([_ID, "case", "question", "text", "rubric", *marks, "comment"])
        for name, text in rows:
            rubric = "\n".join(
                f"{place}. {asks} (0 to {most})"
                for place, (asks, most) in enumerate(text.rubric, start=1)
            )
            cells = [name, text.case, text.question, text.text, rubric]
            table.writerow([*map(neutral, cells), *[""] * len(marks), ""])
    return by_id


def ids(texts: Iterable[Text], secret: str) -> dict[str, Text]:
    """Name each text by what nobody can tell its writer from without the secret."""
    named = {}
    for text in texts:
        content = json.dumps([text.learner, text.case, text.question, text.text]).encode()
        named[f"t{hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()[:12]}"] = text
    return named


def read_secret(folder: Path) -> str:
    """Return the secret of the ids in a run's folder; empty where no texts were handed out."""
    return _secret(folder / KEY_FILE) if (folder / KEY_FILE).exists() else ""


def read_marks(file: Path, by_id: Mapping[str, Text]) -> dict[str, float]:
    """Read one marker's marks: by text id the sum over the rubric, NaN where not all are given.

    Raises
    ------
    MarksError
        A text is unknown or there twice, or a mark is none the rubric allows.
    """
    problems: list[str] = []
    marks: dict[str, float] = {}
    for line, row in _rows(file):
        name = (row.get(_ID) or "").strip()
        if name not in by_id:
            problems.append(f"line {line}: {_ID} {name!r} is no text of this run.")
        elif name in marks:
            problems.append(f"line {line}: {name} is there twice. Keep one.")
        else:
            marks[name] = _sum(by_id[name], row, f"line {line}", problems)
    if problems:
        more = [f"and {len(problems) - 20} more"] if len(problems) > 20 else []
        raise MarksError("\n  ".join([f"{file}: cannot be used.", *problems[:20], *more]))
    return marks


def texts_frame(run: Run) -> pd.DataFrame:
    """Count the texts to mark, a row a question; `rubric` pairs what is asked with its most."""
    waiting = Counter((text.case, text.question, text.rubric) for text in run.texts)
    rows = [
        (case, run.title(case), question, count, rubric)
        for (case, question, rubric), count in waiting.items()
    ]
    return pd.DataFrame(rows, columns=["case", "title", "question", "texts", "rubric"])


def marked_frame(
    by_id: Mapping[str, Text], first: Mapping[str, float], second: Mapping[str, float]
) -> pd.DataFrame:
    """Set two markers' marks beside each other, a row a text: points, NaN for none.

    `discussion_order` is the place among the texts of a question to look at together, from 0; NaN
    for none.
    """
    rows = []
    for name in {*first, *second}:
        text = by_id[name]
        marks = (first.get(name, nan), second.get(name, nan), text.most)
        rows.append((text.learner, text.case, text.question, name, *marks))
    columns = ["learner", "case", "question", _ID, "first", "second", "most"]
    frame = pd.DataFrame(rows, columns=columns).sort_values(["case", "question", _ID])
    frame["discussion_order"] = nan
    for _, group in frame.groupby(["case", "question"]):
        places = look_together(group["first"], group["second"], group["most"].iloc[0])
        frame.loc[group.index[places], "discussion_order"] = range(len(places))
    return frame


def agreement_frame(marked: pd.DataFrame) -> pd.DataFrame:
    """Say how far two markers agree, a row a question; kappa is at most 1."""
    rows = []
    for (case, question), group in marked.groupby(["case", "question"]):
        agreement = compare_markers(group["first"], group["second"], group["most"].iloc[0])
        row = {"case": case, "question": question, **asdict(agreement)}
        row["equal_percent"] = 100 * row.pop("equal")
        rows.append(row | {"look_together": int(group["discussion_order"].count())})
    return pd.DataFrame(rows)


def write_marked(folder: Path, marked: pd.DataFrame) -> None:
    """Write both marks of each text beside its writer's name, for the trainer."""
    columns = [
        Column("learner", lambda row: neutral(row["learner"])),
        *(column(name, name) for name in ("case", "question", _ID)),
        Column("first", lambda row: _written(row["first"])),
        Column("second", lambda row: _written(row["second"])),
        column("most", "most"),
        Column("look_together", lambda row: "" if isnan(row["discussion_order"]) else "yes"),
    ]
    write_csv(folder / MARKED, marked, columns)


def _written(mark: float) -> str:
    return "" if isnan(mark) else f"{mark:g}"


def _secret(file: Path) -> str:
    if not file.exists():
        return secrets.token_hex(16)
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return str(kept["secret"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MarksError(
            f"{file}: cannot be read: {error}. Without it no mark finds its text."
        ) from error


class _Marked(Row, extra="allow"):
    """A text and a marker's first mark; others may follow. Spreadsheets leave out empty cells."""

    MISSING = ("", f"there must be columns {_ID} and mark_1, as in {TO_MARK}.", "")
    DELIMITERS, FILLED_UP = ",;\t", True

    text_id: str
    mark_1: str


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a table however a spreadsheet parted its columns; marks need no letters but ASCII."""
    try:
        text = file.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise MarksError(f"{file}: cannot be read: {error}") from error
    table, lines = read_table(file, _Marked, text)
    if not table.whole:
        raise MarksError(str(table.faults[-1]))
    for line in lines:
        yield line.number, line.cells


def _has_marks(file: Path) -> bool:
    try:
        rows = [row for _, row in _rows(file)] if file.exists() else []
    except MarksError:
        return False
    return any(
        (value or "").strip()
        for row in rows
        for name, value in row.items()
        if name and (name.startswith("mark_") or name == "comment")
    )


def _sum(text: Text, row: Mapping[str, str], place: str, problems: list[str]) -> float:
    total = 0.0
    for number, (_, most) in enumerate(text.rubric, start=1):
        given = (row.get(f"mark_{number}") or "").strip().replace(",", ".")
        try:
            mark = float(given) if given else nan
        except ValueError:
            mark = -1.0
        if not (isnan(mark) or 0 <= mark <= most):  # NaN is not marked yet
            problems.append(f"{place}: mark_{number} must be 0 to {most}, or empty; got {given!r}.")
        total += mark
    return total
