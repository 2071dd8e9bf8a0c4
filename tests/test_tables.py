"""Tables: read as models with every fault at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from phbkit.tables import CsvTable, Line, Row

HERE = Path("things.csv")


class Thing(Row):
    UNIQUE, DELIMITERS = "name", ",;\t"

    name: str
    count: Annotated[int, Field(ge=1, description="must be 1 or more; got {0!r}.")]
    note: str = ""


class Open(Thing, extra="allow"):
    pass


def read_table(file: Path, row: type[Row], text: str | None = None) -> tuple[CsvTable, list[Line]]:
    table = CsvTable(file, row, text)
    return table, list(table)


def faults(text: str, row: type[Row] = Thing) -> list[str]:
    return [str(fault) for fault in read_table(HERE, row, text)[0].faults]


@pytest.mark.parametrize(
    "text",
    [
        "name,count\nann,1\nben,2\n",
        "\ufeffname,count\r\nann,1\r\nben,2",
        "\n  \nName; COUNT\n ann ;1\n;\n\nben; 2\n",
        'name\tcount\r"ann"\t1\rben\t2\r',
    ],
)
def test_marks_line_ends_empty_lines_capitals_and_delimiters_change_nothing(text: str) -> None:
    table, lines = read_table(HERE, Thing, text)
    assert table.faults == []
    assert [line.row for line in lines] == [Thing(name="ann", count=1), Thing(name="ben", count=2)]


BAD = [
    ("", ["things.csv:1: is empty. Give", "things.csv:1: has no column 'name'."]),
    ("name\na\n", ["things.csv:1: has no column 'count'. Its columns: name."]),
    ("name,count,noot\na,1,\n", ["things.csv:1: has a column 'noot', which is not known"]),
    ("name,count,zz\na,1,\n", ["things.csv:1: has a column 'zz', which is not known here. Take"]),
    ("name,count,count\na,1,2\n", ["things.csv:1: has two columns 'count'. Keep one."]),
    ("name,count\na\n", ["things.csv:2: a: has 1 cells for 2 columns. Give each column one cell"]),
    ("name,count\na,1,000\n", ["things.csv:2: a: has 3 cells for 2 columns. A comma between"]),
    ("name,count\na,1\n\na,2\n", ["things.csv:4: name: 'a' is on line 2 already. Keep one."]),
    ("name,count\nann,1\nAnn ,2\n", ["things.csv:3: name: 'Ann' is on line 2 already."]),
    ("name,count\na,0\nb,x\nc,1\n", ["things.csv:2: count: must be 1 or more; got '0'.",
                                    "things.csv:3: count: must be 1 or more; got 'x'."]),
    ('name,count\na,"1\n', ["things.csv:2: unexpected end of data. It cannot be read as CSV."]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), BAD)
def test_every_fault_is_told_with_its_line_and_what_would_be_right(
    text: str, wanted: list[str]
) -> None:
    told = faults(text)
    assert len(told) >= len(wanted)
    assert all(any(line.startswith(part) for line in told) for part in wanted), told


def test_rows_without_a_fault_are_read_beside_those_with_one() -> None:
    table, lines = read_table(HERE, Thing, "name,count\na,0\nb,2\nc\n")
    assert [line.number for line in lines] == [3]
    assert len(table.faults) == 2
    assert table.whole


def test_columns_of_ones_own_are_kept_where_a_row_allows_them() -> None:
    _, [line] = read_table(HERE, Open, "name,count,Mine\na,1, x \n")
    assert line.cells == {"name": "a", "count": "1", "Mine": " x "}
    assert "'Mine'" not in "".join(faults("name,count,mine\na,1,\n", Open))
    table = CsvTable(HERE, Open, "name,count,q2\na,1,\n", needed=["q1"])
    assert [fault.problem for fault in table.faults] == [
        "has no column 'q1'.", "has a column 'q2', which is not known here."
    ]  # fmt: skip


def test_a_file_that_is_not_there_or_not_utf_8_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "none.csv"
    assert "there is no such file" in str(CsvTable(file, Thing).faults[0])
    file.write_bytes("name,count\nå,1\n".encode("latin-1"))
    table, lines = read_table(file, Thing)
    assert (lines, table.whole) == ([], False)
    assert "it is not UTF-8 text" in str(table.faults[0])
