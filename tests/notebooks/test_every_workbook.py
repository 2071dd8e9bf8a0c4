"""Every workbook, headless, for a careful learner, a careless one and nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.execution import run_notebook
from phbkit.cohort.jobs import read_result
from phbkit.scoring import score
from tests.made import WORKBOOKS, careful, careless

FOLDER = Path(__file__).parent.parent.parent / "workbooks"
LEARNERS: dict[str, Callable[[Case], dict[str, Any]]] = {
    "careful": careful,
    "careless": careless,
    "nobody": lambda case: {},
}


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_workbook_run_headless_gives_what_scoring_gives(
    bank: CaseBank, tmp_path: Path, name: str, learner: str
) -> None:
    case = bank.load(WORKBOOKS[name])
    answers = LEARNERS[learner](case)
    given, out = tmp_path / "answers.json", tmp_path / "out.ipynb"
    given.write_text(json.dumps({"case": case.id, "answers": answers}))
    run_notebook(FOLDER / f"{name}.ipynb", out, {"answers": str(given)})
    result = read_result(out)
    assert result == score(case, answers).as_dict()
    percent = {"careful": "100.00", "careless": "0.00", "nobody": "0.00"}[learner]
    assert result["scores"]["key"]["percent"] == percent


def test_the_generic_notebook_plays_any_case_by_its_id(tmp_path: Path) -> None:
    import papermill

    out = tmp_path / "out.ipynb"
    papermill.execute_notebook(
        FOLDER / "any_case.ipynb", out, {"case": "know-the-deal"}, progress_bar=False
    )
    assert read_result(out)["case"] == "know-the-deal"


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_workbook_names_every_step_of_its_case_once_and_in_order(
    bank: CaseBank, name: str
) -> None:
    import nbformat

    case = bank.load(WORKBOOKS[name])
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    calls = [c.source for c in notebook.cells if c.source.startswith("workbook.step(")]
    assert calls == [f'workbook.step("{step}")' for step in case.steps]
    assert notebook.metadata.phbkit["case"] == case.id
    assert notebook.metadata.title == case.title
