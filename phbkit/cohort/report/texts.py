"""Free texts for two blind markers: what they fill in, and what comes of it.

`for_marking.csv` names nobody. `marking_key.json` says whose text is whose: keep it from markers.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd

from phbkit.cohort.report.results import Run
from phbkit.cohort.statistics.marker_agreement import compare_markers, look_together
from phbkit.cohort.tables import write_frame
from phbkit.errors import FaultsError
from phbkit.files import write_whole
from phbkit.tables import CsvTable, Line, Row

Rubric = Sequence[tuple[str, int]]
TO_MARK, KEY_FILE, MARKED = "for_marking.csv", "marking_key.json", "marked_texts.csv"


class MarksError(FaultsError):
    """A file of marks that cannot be used: what is wrong, on which line."""


def write_for_marking(folder: Path, texts: pd.DataFrame) -> None:
    """Write the texts for markers, and the key that only the trainer keeps.

    The ids are the same each time, as long as the key file is there and a text is not changed.

    Raises
    ------
    MarksError
        The key file that is there cannot be read, or somebody has put marks into the table.
    """
    secret = read_secret(folder) or secrets.token_hex(16)
    if _has_marks(folder / TO_MARK):
        problem = f"{folder / TO_MARK} has marks in it, and would be written anew. Move it away."
        raise MarksError(problem)
    named = with_ids(texts, secret)
    whose = named.set_index("text_id")[["learner", "case", "question"]].to_dict("index")
    key = {"format": "phbkit-marking/1", "secret": secret, "texts": whose}
    write_whole(folder / KEY_FILE, json.dumps(key, ensure_ascii=False, indent=1).encode() + b"\n")
    handed_out = named[["text_id", "case", "question", "text", "rubric"]].copy()
    handed_out["rubric"] = [
        "\n".join(f"{n}. {asks} (0 to {most})" for n, (asks, most) in enumerate(rubric, start=1))
        for rubric in named["rubric"]
    ]
    blank = {f"mark_{number + 1}": "" for number in range(named["rubric"].map(len).max())}
    write_frame(folder / TO_MARK, handed_out.assign(**blank, comment=""))


def with_ids(texts: pd.DataFrame, secret: str) -> pd.DataFrame:
    """Name each text by what nobody can tell its writer from without the secret.

    They come by question and then by id: the order of the cohort would say who wrote what.
    """
    rows = texts[["learner", "case", "question", "text"]].itertuples(index=False)
    digests = (hmac.new(secret.encode(), json.dumps(row).encode(), hashlib.sha256) for row in rows)
    named = [f"t{digest.hexdigest()[:12]}" for digest in digests]
    return texts.assign(text_id=named).sort_values(["case", "question", "text_id"])


def read_secret(folder: Path) -> str:
    """Return the secret of the ids in a run's folder; empty where no texts were handed out."""
    file = folder / KEY_FILE
    if not file.exists():
        return ""
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["secret"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MarksError(
            f"{file}: cannot be read: {error}. Without it no mark finds its text."
        ) from error


def read_marks(file: Path, rubrics: Mapping[str, Rubric]) -> dict[str, float]:
    """Read one marker's marks: by text id the sum over the rubric, NaN where not all are given.

    Raises
    ------
    MarksError
        A text is unknown or there twice, or a mark is none the rubric allows.
    """
    table, lines = _table(file)
    marks = {}
    for line in lines:
        name = line.row.text_id
        if name in rubrics:
            marks[name] = _sum(table, line, rubrics[name])
        else:
            table.fault(line.number, line.cells, "text_id", f"{name!r} is no text of this run.")
    if table.faults:
        raise MarksError.of(file, sorted(table.faults), "cannot be used")
    return marks


def texts_frame(run: Run) -> pd.DataFrame:
    """Count the texts to mark, a row a question; `rubric` pairs what is asked with its most."""
    waiting = run.texts.groupby(["case", "question", "rubric"], sort=False)
    frame = waiting.size().reset_index(name="texts")
    return frame.assign(title=frame["case"].map(run.title))


def marked_frame(run: Run, files: Sequence[Path]) -> pd.DataFrame:
    """Set two markers' marks beside each other, a row a text: points, NaN for none.

    `discussion_order` is the place among the texts of a question to look at together, from 0; NaN
    for none.

    Raises
    ------
    MarksError
        A file cannot be used, or none was given, or no texts were handed out.
    """
    if not files:
        raise MarksError("No marks were given: phb report … --marks A.csv --marks B.csv.")
    secret = read_secret(run.folder)
    if not secret:
        raise MarksError(
            f"{run.folder}: no texts were handed out for marking. Run phb report without --marks "
            f"first, and give the markers {TO_MARK}."
        )
    named = with_ids(run.texts, secret)
    rubrics = dict(zip(named["text_id"], named["rubric"], strict=True))
    frame = named[["learner", "case", "question", "text_id"]].copy()
    for name, file in zip(("first", "second"), files, strict=True):
        frame[name] = frame["text_id"].map(read_marks(file, rubrics)).astype(float)
    frame["most"] = [sum(most for _, most in rubric) for rubric in named["rubric"]]
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
    together = np.where(marked["discussion_order"].isna(), "", "yes")
    written = marked.drop(columns="discussion_order").assign(look_together=together)
    for name in ("first", "second"):
        written[name] = marked[name].map("{:g}".format, na_action="ignore").fillna("")
    write_frame(folder / MARKED, written)


class _Marked(Row, extra="allow"):
    """A text and a marker's first mark; others may follow. Spreadsheets leave out empty cells."""

    DELIMITERS, FILLED_UP, UNIQUE = ",;\t", True, "text_id"

    text_id: str
    mark_1: str


def _table(file: Path) -> tuple[CsvTable[_Marked], list[Line[_Marked]]]:
    """Read a table however a spreadsheet parted its columns; marks need no letters but ASCII."""
    try:
        text = file.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise MarksError(f"{file}: cannot be read: {error}") from error
    table = CsvTable(file, _Marked, text)
    return table, list(table)


def _has_marks(file: Path) -> bool:
    lines = _table(file)[1] if file.exists() else []
    cells = (cell for line in lines for cell in line.cells.items())
    return any(text.strip() for name, text in cells if name.startswith(("mark_", "comment")))


def _sum(table: CsvTable[_Marked], line: Line[_Marked], rubric: Rubric) -> float:
    """Add up the marks of a text, NaN where one is missing; what is no mark is a fault."""
    total = 0.0
    for number, (_, most) in enumerate(rubric, start=1):
        name = f"mark_{number}"
        given = line.cells.get(name, "").strip().replace(",", ".")
        try:
            mark = float(given or nan)
        except ValueError:
            mark = -1.0
        if mark < 0 or mark > most:
            problem = f"must be 0 to {most}, or empty; got {given!r}."
            table.fault(line.number, line.cells, name, problem)
        total += mark
    return total
