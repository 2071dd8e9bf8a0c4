"""The notebook of a cohort report, with nobody at it, and `phb report` over a real run."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import papermill
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode

from phbkit.casebank import CaseBank
from phbkit.cohort.report.report import PARTS
from tests.cohort.made_run import made_run, simulated
from tests.commands import phb

WORKBOOKS = Path(__file__).parents[2] / "workbooks"
NOTEBOOK = WORKBOOKS / "cohort_report.ipynb"


def shown(notebook: NotebookNode) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output["data"].get("text/html", "") for output in outputs if "data" in output)


def test_without_a_run_it_says_how_to_begin(tmp_path: Path) -> None:
    made = papermill.execute_notebook(NOTEBOOK, tmp_path / "out.ipynb", progress_bar=False)
    assert "No run is shown here" in shown(made)
    assert "<table" not in shown(made)


def test_it_shows_every_part_once_and_in_order() -> None:
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    calls = [cell.source for cell in cells if cell.source.startswith("report.part(")]
    assert calls == [f'report.part("{name}")' for name in PARTS]


def test_a_folder_that_is_no_run_and_a_misspelt_parameter_are_told(tmp_path: Path) -> None:
    out = tmp_path / "out.ipynb"
    for given, message in (
        ({"run": str(tmp_path)}, "holds no finished run"),
        ({"ruin": "x"}, "Did you mean 'run'"),
    ):
        with pytest.raises(papermill.PapermillExecutionError, match=message):
            papermill.execute_notebook(NOTEBOOK, out, given, progress_bar=False)


def test_a_trainer_runs_a_cohort_and_gets_a_notebook_a_page_and_a_pdf(tmp_path: Path) -> None:
    cohort = ("simulate", "--learners", 3, "--seed", 7, "--case", "know-the-deal")
    assert phb(*cohort, "--out", "c.jsonl", cwd=tmp_path).returncode == 0
    workbooks = (WORKBOOKS / "know_the_deal.ipynb", NOTEBOOK)
    ran = phb("run", *workbooks, "--answers", "c.jsonl", "--out", "runs/spring", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "Left out, as they play no case of their own: cohort_report.ipynb." in ran.stdout
    standard = {"key": {"fixed": {"cut": 50, "why": "A trial."}}}
    file = tmp_path / "standards.json"
    file.write_text(json.dumps({"format": "phbkit-standards/1", "keys": standard}))
    done = phb("report", "runs/spring", "--standards", file.name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Simulated answers: nobody real gave them" in done.stdout
    assert "WARNING" not in done.stderr
    run = tmp_path / "runs" / "spring"
    notebook = nbformat.read(run / "report.ipynb", as_version=4)
    page = BeautifulSoup((run / "report.html").read_text(), "html.parser")
    own = BeautifulSoup(shown(notebook), "html.parser")
    assert [table.get_text() for table in page.find_all("table")] == [
        table.get_text() for table in own.find_all("table")
    ]
    assert "Pass mark: 50.00 %" in page.get_text()
    assert (run / "report.pdf").read_bytes().startswith(b"%PDF")
    assert not [name for name in run.iterdir() if name.name.startswith(".")]
    again = phb("run", *workbooks, "--answers", "c.jsonl", "--out", "runs/spring", cwd=tmp_path)
    assert "0 ran, 3 were already done" in again.stdout
    marked = phb("remark", "runs/spring", "--casebank", WORKBOOKS.parent / "casebank", cwd=tmp_path)
    assert "0 of 3 learners cross the line, over all cases." in marked.stdout


def test_the_report_opens_and_runs_again_where_it_lies(tmp_path: Path, bank: CaseBank) -> None:
    cases = [bank.load("know-the-deal")]
    run = made_run(tmp_path / "spring", cases, simulated(cases, 12))
    assert phb("report", run, cwd=tmp_path).returncode == 0
    moved = run.rename(tmp_path / "moved")
    again = papermill.execute_notebook(
        moved / "report.ipynb", tmp_path / "again.ipynb", cwd=moved, progress_bar=False
    )
    assert "Notebooks" in shown(again)
    assert "12" in shown(again)
