"""An area's figures: every fault at its line and column, all at once, before anything is summed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.casebank import CaseBank
from phbkit.errors import CaseError
from phbkit.money.area import Area, read_area
from tests.conftest import CASEBANK

FILE = CASEBANK / "cases" / "getting-the-sums-right" / "area.csv"
TEXT = FILE.read_text()
HERE = Path("area.csv")


def faults(text: str) -> list[str]:
    found = read_area(HERE, text)
    assert isinstance(found, list), "it was taken"
    return list(map(str, found))


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new)


def test_the_shipped_area_is_read_to_the_penny() -> None:
    area = read_area(FILE)
    assert isinstance(area, Area)
    assert area["contract"] == area["fixed"] + area["semi-variable"] + area["variable"]
    assert area["people"] == 240
    assert area.uptake[-1] == (24, Decimal(40))
    assert (area.figures["uptake"].low, area.figures["uptake"].high) == (20, 55)
    assert area.year == "2026/27"


BAD = [
    ("contract,,1248000,", "contract,,-1,", 2, "contract, column 3 (value)", "Give 0 or more"),
    ("variable,,312000,", "variable,,,", 5, "column 3 (value): is empty.", "Give a number"),
    ("set-up,,450,", "set-up,,£450,", 14, "set-up, column 3 (value): is '£450'.", "Write 450:"),
    ("team,,30000,", 'team,,"30,000",', 16, "is '30,000'.", "Write 30000:"),
    ("team,,30000,", "team,,30,000,", 16, "has 9 cells", "not 1,248,000"),
    ("team,,30000,", "team,,about thirty,", 16, "which is no number.", "such as 1248000"),
    ("uptake,24,40,20,55", "uptake,24,140,20,150", 29, "is 140 per cent.", "from 0 to 100"),
    ("uptake,18,34", "uptake,9,34", 28, "uptake, column 2 (month): is 9, after month 12.", "order"),
    ("uptake,18,34", "uptake,18,12", 28, "falls from 20 to 12", "drop-out"),
    ("fixed,,374400", "fixed,,374399.99", 2, "add up to £1,247,999.99.", "missing £0.01"),
    ("fixed,,374400", "fixed,,400000", 2, "add up to £1,273,600.", "twice: £25,600"),
    ("support,,150,,,pounds a year each,2026/27", "support,,150,,,pounds a year each,", 15,
     "support, column 7 (year): is empty.", "like 2026/27"),
    ("support,,150,,,pounds a year each,2026/27", "support,,150,,,pounds a year each,2024/25", 15,
     "is 2024/25, and that of contract is 2026/27.", "Bring the price to 2026/27 first."),
    ("support,,150,,,pounds a year each,2026/27", "support,,150,,,pounds a year each,2026/28", 15,
     "is '2026/28'.", "like 2026/27"),
    ("support,,150,,,pounds a year each", "support,,150,,,pounds a month", 15,
     "support, column 6 (unit)", "write: pounds a year each"),
    ("drop-out,,8,2,20", "drop-out,,8,9,20", 20, "low): is above the value.", "Give 8 or less"),
    ("drop-out,,8,2,20", "drop-out,,8,2,7", 20, "high): is below the value.", "Give 8 or more"),
    ("people,,240,", "people,,240.5,", 6, "is 240.5.", "whole number"),
    ("step-people,,24,", "step-people,,241,", 7, "more than the 240 people", "Give 240 or fewer"),
    ("newcomers,,5", "newcommers,,5", 17, "is no item known here.", "mean 'newcomers'"),
    ("need,,100,90,125", "need,,110,90,125", 13, "measured against plan-cost", "give 100"),
    ("set-up,,450,,,pounds each,2026/27,made up", "set-up,,450,,,pounds each,2026/27,", 14,
     "source", "where it is from"),
    ("set-up,,450,", "set-up,,450.005,", 14, "is 450.005.", "at most 2 decimal places"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "problem", "cure"), BAD)
def test_a_fault_is_told_with_line_column_and_what_would_be_right(
    old: str, new: str, line: int, problem: str, cure: str
) -> None:
    found = faults(changed(old, new))
    mine = [each for each in found if each.startswith(f"area.csv:{line}:") and problem in each]
    assert mine, found
    assert cure in mine[0]


def test_cells_copied_from_a_spreadsheet_may_have_tabs_between_them() -> None:
    assert isinstance(read_area(HERE, "\ufeff" + TEXT.replace(",", "\t")), Area)


def test_all_faults_are_told_at_once() -> None:
    text = TEXT
    for old, new in (
        ("people,,240,", "people,,-240,"),
        ("team,,30000,", "team,,£30k,"),
        ("uptake,18,34", "uptake,3,34"),
        ("price-rise,", "prize-rise,"),
    ):
        text = text.replace(old, new, 1)
    found = "\n".join(faults(text))
    for part in ("people, column 3", "'£30k'", "is 3, after month 12", "price-rise: is missing"):
        assert part in found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("item,value\nx,1\n", "has no column 'month'"),
        (TEXT.replace("item,", "item,item,", 1), "has two columns"),
        ('item,"mon\n', "cannot be read as CSV"),
        (",,,\n", "has no column 'item'"),
        ("\ufeff" * 200_000, "longer than 100,000"),
        (TEXT.split("\n")[0], "contract: is missing."),
        (TEXT + TEXT.splitlines()[1] + "\n", "is on line 2 already"),
    ],
)
def test_what_is_no_table_of_figures_is_refused(text: str, problem: str) -> None:
    assert problem in "\n".join(faults(text))


@given(st.text(max_size=300) | st.text('item,vlu\n1.£-"', max_size=300))
def test_no_text_at_all_crashes_it(text: str) -> None:
    for content in (text, TEXT[:400] + text, TEXT.replace("30000", text, 1)):
        found = read_area(HERE, content)
        assert isinstance(found, Area) or found


def test_a_file_that_is_not_there_or_not_text_is_a_fault(tmp_path: Path) -> None:
    for content in (None, b"\xff\xfe\x00x"):
        file = tmp_path / "own.csv"
        if content:
            file.write_bytes(content)
        found = read_area(file)
        assert isinstance(found, list)
        assert "cannot be read" in str(found[0])


def test_a_case_whose_area_has_a_fault_is_not_loaded(bank_copy: Path) -> None:
    file = bank_copy / "cases" / "getting-the-sums-right" / "area.csv"
    file.write_text(changed("variable,,312000", "variable,,312001"))
    with pytest.raises(CaseError, match=r"area\.csv:2: contract, column 3"):
        CaseBank(bank_copy).load("getting-the-sums-right")
