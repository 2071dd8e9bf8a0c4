"""The finished tables of a run, written as a stream: however many learners, little memory."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from phbkit.casebank import Case
from phbkit.cohort.folder import RunFolder
from phbkit.cohort.jobs import Outcome
from phbkit.files import part_of
from phbkit.text import neutral

_PACKED_ROWS, _WRITTEN_ROWS = 1_000, 20_000
_TEXTS = ("learner", "workbook", "case", "case_version", "state", "error", "said")
_COUNTS = ("asked", "answered", "critical_errors", "unsafe")
MARKS = ("learner", "case", "question", "format", "key", "answered", "credit", "sure")


def write_tables(
    folder: RunFolder, wanted: Mapping[tuple[str, str], str], cases: Iterable[Case]
) -> bool:
    """Write the tables of all jobs that ended, in the order of the cohort.

    They hold no times, so a run that was interrupted gives the same bytes as one that was not.

    Parameters
    ----------
    wanted
        The fingerprint of each job of the cohort, by workbook and learner.

    Returns
    -------
    bool
        Whether any of the answers are simulated.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    keys = ["key", *dict.fromkeys(panel.id for case in cases for panel in case.panels)]
    results, marks = _results_schema(pa, keys), _marks_schema(pa)
    simulated = False
    with ExitStack() as stack:
        names = ("results.parquet", "marks.parquet", "results.csv", "texts.csv")
        parts = [stack.enter_context(part_of(folder.root / name)) for name in names]
        inner = stack.enter_context(ExitStack())
        result_rows = inner.enter_context(_Rows(pq.ParquetWriter(parts[0], results), results))
        mark_rows = inner.enter_context(_Rows(pq.ParquetWriter(parts[1], marks), marks))
        table = _table(inner, parts[2], results.names)
        texts = _table(inner, parts[3], ["learner", "case", "question", "text", "rubric"])
        for outcome in ended(folder, wanted):
            row = _result_row(outcome, keys)
            simulated = simulated or outcome.simulated
            result_rows.add(row)
            table.writerow([_cell(value) for value in row.values()])
            for mark in _mark_rows(outcome):
                mark_rows.add(mark)
            for text in _text_rows(outcome):
                texts.writerow([_cell(value) for value in text])
    return simulated


def ended(folder: RunFolder, wanted: Mapping[tuple[str, str], str]) -> Iterator[Outcome]:
    """Read how the wanted jobs ended, in the order of the cohort."""
    places = {o.key: place for o, place in folder.outcomes() if wanted.get(o.key) == o.fingerprint}
    if not places:
        return
    with folder.open_outcomes() as lines:
        for key in wanted:
            if key in places:
                yield folder.outcome_at(lines, places[key])


class _Rows:
    """Gathers rows, packs them into columns, and writes many at a time: files stay small too."""

    def __init__(self, writer: Any, schema: Any) -> None:
        self._writer, self._schema = writer, schema
        self._rows: list[dict[str, Any]] = []
        self._packed: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def add(self, row: dict[str, Any]) -> None:
        """Take one row."""
        self._rows.append(row)
        if len(self._rows) == _PACKED_ROWS:
            self._pack()
        if len(self._packed) == _WRITTEN_ROWS // _PACKED_ROWS:
            self._write()

    def _pack(self) -> None:
        import pyarrow as pa

        self._packed.append(pa.Table.from_pylist(self._rows, self._schema))
        self._rows = []

    def _write(self) -> None:
        import pyarrow as pa

        self._writer.write_table(pa.concat_tables(self._packed))
        self._packed = []

    def __exit__(self, *error: object) -> None:
        if not any(error) and self._rows:
            self._pack()
        if not any(error) and self._packed:
            self._write()
        self._writer.close()


def _results_schema(pa: Any, keys: Iterable[str]) -> Any:
    return pa.schema(
        [
            *((name, pa.string()) for name in _TEXTS),
            *((name, pa.int32()) for name in _COUNTS),
            ("simulated", pa.bool_()),
            *(
                (f"{key}_{name}", kind)
                for key in keys
                for name, kind in (
                    ("total", pa.float64()),
                    ("possible", pa.int32()),
                    ("percent", pa.float64()),
                    ("formative_only", pa.string()),
                )
            ),
        ]
    )


def _marks_schema(pa: Any) -> Any:
    kinds = {"answered": pa.bool_(), "credit": pa.float64(), "sure": pa.int8()}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in MARKS])


def _result_row(outcome: Outcome, keys: Iterable[str]) -> dict[str, Any]:
    result = outcome.result or {}
    row: dict[str, Any] = {
        "learner": outcome.learner,
        "workbook": outcome.workbook,
        "case": outcome.case,
        "case_version": result.get("case_version", ""),
        "state": outcome.state,
        "error": outcome.error,
        "said": outcome.said,
        "asked": result.get("asked"),
        "answered": result.get("answered"),
        "critical_errors": len(result["critical_errors"]) if result else None,
        "unsafe": len(result.get("unsafe", ())) if result else None,
        "simulated": outcome.simulated,
    }
    scores = result.get("scores", {})
    for key in keys:
        score = scores.get(key, {})
        row[f"{key}_total"] = float(score["total"]) if score else None
        row[f"{key}_possible"] = score.get("possible")
        row[f"{key}_percent"] = float(score["percent"]) if score else None
        row[f"{key}_formative_only"] = score.get("formative_only")
    return row


def _mark_rows(outcome: Outcome) -> Iterator[dict[str, Any]]:
    result = outcome.result or {}
    sure = {each["question"]: each["level"] for each in result.get("certainty", ())}
    for mark in result.get("questions", ()):
        yield {
            "learner": outcome.learner,
            "case": outcome.case,
            "question": mark["question"],
            "format": mark["format"],
            "key": mark["key"],
            "answered": mark["answered"],
            "credit": float(mark["credit"]),
            "sure": sure.get(mark["question"]),
        }


def _text_rows(outcome: Outcome) -> Iterator[list[str]]:
    for each in (outcome.result or {}).get("for_marking", ()):
        rubric = "; ".join(f"{part['asks']} (0 to {part['most']})" for part in each["rubric"])
        yield [outcome.learner, outcome.case, each["question"], each["text"], rubric]


def _table(stack: ExitStack, part: str, header: list[str]) -> Any:
    opened = Path(part).open("w", encoding="utf-8", newline="")  # noqa: SIM115  the stack closes it
    writer = csv.writer(stack.enter_context(opened), lineterminator="\n")
    writer.writerow(header)
    return writer


def _cell(value: object) -> str:
    if value is None:
        return ""
    return neutral(value) if isinstance(value, str) else f"{value}"
