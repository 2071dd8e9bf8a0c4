"""The finished tables of a run, written as a stream: however many learners, little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phbkit.casebank import Case
from phbkit.cohort.csv_files import csv_file
from phbkit.cohort.folder import RunFolder
from phbkit.cohort.jobs import JobOutcome
from phbkit.files import part_of

if TYPE_CHECKING:
    import pandas as pd

_ROWS_AT_ONCE = 20_000
_RESULTS = {
    **dict.fromkeys(("learner", "workbook", "case", "case_version"), "string"),
    **dict.fromkeys(("notebook", "state", "error", "said"), "string"),
    **dict.fromkeys(("asked", "answered", "critical_errors", "unsafe"), "int32"),
    "simulated": "bool_",
}
_SCORE = {"total": "float64", "possible": "int32", "percent": "float64", "formative_only": "string"}
_MARKS = {
    **dict.fromkeys(("learner", "case", "question", "format", "key"), "string"),
    "answered": "bool_",
    "credit": "float64",
    "sure": "int8",
}
_TEXTS = ("learner", "case", "question", "text", "rubric")


def write_tables(
    folder: RunFolder, played: dict[str, dict[str, str]], cases: Iterable[Case]
) -> bool:
    """Write the tables of all jobs that ended, in the order of the cohort.

    They hold no times, so a run that was interrupted gives the same bytes as one that was not.

    Parameters
    ----------
    played
        How the cases are played, as the manifest has it.

    Returns
    -------
    bool
        Whether any of the answers are simulated.
    """
    keys = ["key", *dict.fromkeys(panel.id for case in cases for panel in case.panels)]
    columns = _RESULTS | {f"{key}_{name}": kind for key in keys for name, kind in _SCORE.items()}
    simulated = False
    with ExitStack() as stack:
        results = stack.enter_context(_parquet_file(folder.root / "results.parquet", columns))
        marks = stack.enter_context(_parquet_file(folder.root / "marks.parquet", _MARKS))
        table = stack.enter_context(csv_file(folder.root / "results.csv", columns))
        texts = stack.enter_context(csv_file(folder.root / "texts.csv", _TEXTS))
        for outcome in folder.finished(played):
            row = _result_row(outcome, keys)
            simulated = simulated or outcome.simulated
            results(row)
            table(row)
            for mark in _mark_rows(outcome):
                marks(mark)
            for text in _text_rows(outcome):
                texts(text)
    return simulated


@contextmanager
def _parquet_file(file: Path, columns: Mapping[str, str]) -> Iterator[Callable[[list[Any]], None]]:
    """Write a Parquet file whole, or not at all: give what takes a row, and writes many at once."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    schema = pa.schema({name: getattr(pa, kind)() for name, kind in columns.items()})
    rows: list[list[Any]] = []
    with part_of(file) as part, ParquetWriter(part, schema) as writer:

        def write_rows() -> None:
            writer.write_table(pa.table(list(zip(*rows, strict=True)), schema=schema))
            rows.clear()

        def add(row: list[Any]) -> None:
            rows.append(row)
            if len(rows) == _ROWS_AT_ONCE:
                write_rows()

        yield add
        if rows:
            write_rows()


def _result_row(outcome: JobOutcome, keys: Iterable[str]) -> list[Any]:
    result = outcome.result or {}
    row = [outcome.learner, outcome.workbook, outcome.case, result.get("case_version", "")]
    row += [outcome.notebook, outcome.state, outcome.error, outcome.said]
    row += [result.get("asked"), result.get("answered")]
    row += [len(result.get(name, ())) if result else None for name in ("critical_errors", "unsafe")]
    row.append(outcome.simulated)
    for key in keys:
        score = result.get("scores", {}).get(key, {})
        total, percent = (float(score[n]) if score else None for n in ("total", "percent"))
        row += [total, score.get("possible"), percent, score.get("formative_only")]
    return row


def _mark_rows(outcome: JobOutcome) -> Iterator[list[Any]]:
    result = outcome.result or {}
    sure = {entry["question"]: entry["level"] for entry in result.get("certainty", ())}
    for mark in result.get("questions", ()):
        kept = [mark[name] for name in ("question", "format", "key", "answered")]
        confidence = sure.get(mark["question"])
        yield [outcome.learner, outcome.case, *kept, float(mark["credit"]), confidence]


def _text_rows(outcome: JobOutcome) -> Iterator[list[str]]:
    for text in (outcome.result or {}).get("for_marking", ()):
        rubric = "; ".join(f"{part['asks']} (0 to {part['most']})" for part in text["rubric"])
        yield [outcome.learner, outcome.case, text["question"], text["text"], rubric]


def rounded(frame: pd.DataFrame, places: Mapping[str, int]) -> pd.DataFrame:
    """Write columns of numbers as texts with so many decimal places, NaN as an empty one."""
    texts = {
        name: frame[name].map(f"{{:.{count}f}}".format).replace("nan", "")
        for name, count in places.items()
    }
    return frame.assign(**texts)


def write_frame(file: Path, frame: pd.DataFrame) -> None:
    """Write a frame as a CSV file, whole or not at all."""
    with csv_file(file, frame.columns) as write:
        for row in frame.itertuples(index=False):
            write(row)
