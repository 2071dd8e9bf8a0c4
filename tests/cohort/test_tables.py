"""The finished tables: nothing is lost where rows are packed and written a few at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyarrow import parquet

from phbkit.casebank import CaseBank
from phbkit.cohort import tables
from tests.cohort.made_run import made_run, simulated

CASEBANK = Path(__file__).parents[2] / "casebank"
TABLES = ("results.parquet", "marks.parquet")


@pytest.mark.parametrize("packed", [1, 4, 5])
def test_rows_are_all_there_and_in_order_however_many_are_packed_at_once(
    packed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [CaseBank(CASEBANK).load("mental-health")]
    attempts = simulated(cases, 10)
    whole = made_run(tmp_path / "whole", cases, attempts)
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", 2 * packed)
    pieces = made_run(tmp_path / "pieces", cases, attempts)
    for name in TABLES:
        assert parquet.read_table(pieces / name).equals(parquet.read_table(whole / name))
    assert parquet.ParquetFile(pieces / "results.parquet").num_row_groups == -(-10 // (2 * packed))
    learners = parquet.read_table(whole / "results.parquet")["learner"].to_pylist()
    assert learners == [attempt.learner for attempt in attempts]
    outcomes = map(json.loads, (whole / "outcomes.jsonl").read_text().splitlines())
    marks = [mark["question"] for outcome in outcomes for mark in outcome["result"]["questions"]]
    assert parquet.read_table(whole / "marks.parquet")["question"].to_pylist() == marks
