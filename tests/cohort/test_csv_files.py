"""CSV files: written whole, and so that no formula runs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from phbkit.cohort.csv_files import csv_file


def test_what_looks_like_a_formula_is_written_as_text_and_numbers_as_they_are(
    tmp_path: Path,
) -> None:
    with csv_file(tmp_path / "out.csv", ["a", "b", "c", "d"]) as write:
        write(["=1+1", -1.5, None, True])
    with (tmp_path / "out.csv").open(newline="") as lines:
        assert list(csv.reader(lines)) == [["a", "b", "c", "d"], ["'=1+1", "-1.5", "", "True"]]


def test_a_table_that_cannot_be_written_to_its_end_is_not_there(tmp_path: Path) -> None:
    def write_and_stop() -> None:
        with csv_file(tmp_path / "out.csv", ["a"]) as write:
            write(["x"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_stop()
    assert list(tmp_path.iterdir()) == []
