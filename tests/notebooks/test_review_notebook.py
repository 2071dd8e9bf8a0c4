"""The notebook of a case review, with nobody at it."""

from __future__ import annotations

from pathlib import Path

import papermill
import pytest
from nbformat import NotebookNode

from phbkit.casebank import CaseBank
from phbkit.meeting import documents
from phbkit.meeting.sessions import ReviewSession
from tests.meeting.made_meeting import START, ended

NOTEBOOK = Path(__file__).parents[2] / "workbooks/mdt_case_review.ipynb"


def shown(notebook: NotebookNode) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output["data"].get("text/html", "") for output in outputs)


def test_without_a_meeting_it_says_how_to_begin(tmp_path: Path) -> None:
    made = papermill.execute_notebook(NOTEBOOK, tmp_path / "out.ipynb", progress_bar=False)
    assert "No meeting is shown here" in shown(made)


def test_a_meeting_that_was_held_is_shown_again_from_its_json(
    tmp_path: Path, bank: CaseBank
) -> None:
    case = bank.load("alcohol-detox-at-home")
    session = ReviewSession("s", "", case.id, "training", None, START, None)
    made = documents.make("record.json", documents.HeldMeeting(session, case, ended(case).acts))
    assert made
    file = tmp_path / "record.json"
    file.write_bytes(made[1])
    out = tmp_path / "out.ipynb"
    run = papermill.execute_notebook(
        NOTEBOOK, out, parameters={"meeting": str(file)}, progress_bar=False
    )
    html = shown(run)
    for told in ("A decision is made", "The evidence is thin and nobody will measure it.",
                 "The team disagrees", "My garden."):  # fmt: skip
        assert told in html
    assert "<form" not in html


@pytest.mark.parametrize("content", ["{}", "not json", '{"session": {}, "acts": []}'])
def test_a_file_that_is_no_meeting_is_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "record.json"
    file.write_text(content)
    with pytest.raises(papermill.PapermillExecutionError, match="not the record of a meeting"):
        papermill.execute_notebook(
            NOTEBOOK,
            tmp_path / "out.ipynb",
            parameters={"meeting": str(file)},
            progress_bar=False,
        )
