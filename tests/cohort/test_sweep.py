"""Scenarios of an area: refused whole when one is wrong, compared as notebooks show them."""

from __future__ import annotations

import csv
from pathlib import Path

import nbformat
import pytest
from lxml import html

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.sweep import compare, read_scenarios, write_comparison
from phbkit.errors import AreaError
from phbkit.money.pence import roughly
from tests.commands import phb
from tests.money.played import AREA

ROOT = Path(__file__).parents[2]
WORKBOOK = ROOT / "workbooks" / "getting_the_sums_right.ipynb"
GOOD = "scenario,running.share,running.months,running.covered\nbase,,,\nhalf,20,12,\nshort,,,90\n"


@pytest.fixture
def case(bank: CaseBank) -> Case:
    return bank.load("getting-the-sums-right")


def file_of(folder: Path, text: str) -> Path:
    made = folder / "scenarios.csv"
    made.write_text(text)
    return made


def test_an_empty_cell_keeps_the_areas_figure(case: Case, tmp_path: Path) -> None:
    assert read_scenarios(file_of(tmp_path, GOOD), case) == {
        "base": {},
        "half": {"running": {"share": "20", "months": "12"}},
        "short": {"running": {"covered": "90"}},
    }


def test_only_who_is_short_leaves_anything_with_people(case: Case, tmp_path: Path) -> None:
    rows = compare(case, read_scenarios(file_of(tmp_path, GOOD), case))
    found = {(row["scenario"], row["pace"]): row for row in rows}
    assert found["base", "gradual"]["carried by person"] == 0
    assert found["short", "gradual"]["carried by person"] > 0
    assert found["half", "fast"]["deepest"] < found["base", "fast"]["deepest"]


BAD = [
    ("base,,,", "base,x,,", "2: running.share, column 2: is 'x', which is no number."),
    ("base,,,", "base,140,,", "2: running.share, column 2: is 140. Give from 0 to 100."),
    ("base,,,", "base,,,,", "2: base: has 5 cells for 4 columns."),
    ("half,", "base,", "3: scenario: 'base' is on line 2 already."),
    ("half,", ",", "3: scenario: is ''"),
    (
        "running.share",
        "running.shere",
        "1: has a column 'running.shere', which is not known here. Did ",
    ),
    ("running.share", "running.months", "1: has two columns 'running.months'."),
    ("scenario,", "name,", "1: has no column 'scenario'."),
    ("base,,,\nhalf,20,12,\nshort,,,90\n", "", "1: holds no scenario."),
]


@pytest.mark.parametrize(("old", "new", "problem"), BAD)
def test_a_scenario_with_a_fault_is_told_with_line_and_column(
    case: Case, tmp_path: Path, old: str, new: str, problem: str
) -> None:
    with pytest.raises(AreaError) as error:
        read_scenarios(file_of(tmp_path, GOOD.replace(old, new, 1)), case)
    assert f"scenarios.csv:{problem}" in str(error.value)


def test_all_faults_are_told_at_once_and_figures_that_do_not_go_together(
    case: Case, tmp_path: Path
) -> None:
    text = "scenario,block.people,block.step-people,bands.uptake-low\na,20,24,\nb,,,50\nc,-1,,\n"
    with pytest.raises(AreaError) as error:
        read_scenarios(file_of(tmp_path, text), case)
    for part in (
        "csv:2: block.step-people, column 3",
        "csv:3: bands.uptake-low, column 4",
        "csv:4:",
    ):
        assert part in str(error.value)


def test_an_area_of_ones_own_is_in_every_scenario(case: Case, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(AREA.read_text().replace("plan-cost,,3250", "plan-cost,,2000"))
    given = read_scenarios(file_of(tmp_path, GOOD), case, own)
    shipped = read_scenarios(file_of(tmp_path, GOOD), case)
    pairs = zip(compare(case, given), compare(case, shipped), strict=True)
    assert all(ours["deepest"] < theirs["deepest"] for ours, theirs in pairs)
    own.write_text("nonsense")
    with pytest.raises(AreaError, match=r"own\.csv"):
        read_scenarios(file_of(tmp_path, GOOD), case, own)


def test_the_page_has_a_picture_with_its_words_and_a_table_of_all(
    case: Case, tmp_path: Path
) -> None:
    evil = GOOD.replace("half", "=HYPERLINK(1)").replace("short", "<b>short</b>")
    write_comparison(tmp_path, case, read_scenarios(file_of(tmp_path, evil), case))
    page = html.fromstring((tmp_path / "comparison.html").read_bytes())
    assert "The deepest: " in page.xpath("//img/@alt")[0]
    assert len(page.xpath("//tbody/tr")) == 6
    assert not page.xpath("//td//b | //th//b")
    with (tmp_path / "comparison.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["scenario"] for row in rows[2:4]] == ["'=HYPERLINK(1)"] * 2
    carried = sum(float(value) for name, value in rows[0].items() if name.startswith("carried"))
    assert round(carried, 2) == float(rows[0]["extra"])


def test_a_month_that_never_comes_is_blank(case: Case, tmp_path: Path) -> None:
    scenarios = read_scenarios(file_of(tmp_path, GOOD), case)
    write_comparison(tmp_path, case, scenarios)
    with (tmp_path / "comparison.csv").open(newline="") as lines:
        told = [row["repaid"] for row in csv.DictReader(lines)]
    assert "" in told
    assert told == [str(row["repaid"] or "") for row in compare(case, scenarios)]


def test_phb_run_writes_a_notebook_for_each_scenario_with_the_figures_of_the_table(
    tmp_path: Path,
) -> None:
    file_of(tmp_path, GOOD)
    words = ("run", WORKBOOK, "--out", "sweep", "--parameters", "scenarios.csv")
    done = phb(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 ran, 0 were already done, 0 failed." in done.stdout
    with (tmp_path / "sweep" / "comparison.csv").open(newline="") as lines:
        rows = {(row["scenario"], row["pace"]): row for row in csv.DictReader(lines)}
    for name in ("base", "half", "short"):
        file = tmp_path / "sweep" / "notebooks" / "getting_the_sums_right" / f"{name}.ipynb"
        cells = {cell.id: cell for cell in nbformat.read(file, as_version=4).cells}
        shown = str(cells["step-running"].outputs)
        for pace in ("gradual", "fast"):
            assert roughly(round(100 * float(rows[name, pace]["deepest"]))) in shown
    again = phb(*words, cwd=tmp_path)
    assert "0 ran, 3 were already done" in again.stdout


def test_phb_run_refuses_scenarios_with_faults_and_runs_nothing(tmp_path: Path) -> None:
    file_of(tmp_path, GOOD.replace("half,20", "half,£20"))
    words = ("run", WORKBOOK, "--out", "sweep", "--parameters", "scenarios.csv")
    done = phb(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "scenarios.csv:3: running.share, column 2: is '£20'. Write 20:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "sweep").exists()
