"""The workbook run headless, by plain papermill and by `phb run`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from phbkit.casebank import Case
from tests import commands
from tests.commands import phb
from tests.expected import EXPECTED

ROOT = Path(__file__).parent.parent.parent
WORKBOOK = ROOT / "workbooks" / "chronic_pain_massage.ipynb"
ANSWERS = ROOT / "tests" / "answers"


def papermill(out: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return commands.papermill(WORKBOOK, out, "--no-progress-bar", *words, cwd=out.parent)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Run plain papermill on an answer file, once for all tests."""
    folder = tmp_path_factory.mktemp("executed")

    def run(name: str) -> Path:
        out = folder / f"{name}.ipynb"
        if not out.exists():
            done = papermill(out, "-p", "answers", ANSWERS / f"{name}.json")
            assert done.returncode == 0, done.stderr
        return out

    return run


def text_of(notebook: Path) -> str:
    """Everything a reader of the executed notebook can see, without the tags."""
    from bs4 import BeautifulSoup

    outputs = [
        output.data.get("text/html", "")
        for cell in nbformat.read(notebook, as_version=4).cells
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    return straight(BeautifulSoup("\n".join(outputs), "html.parser").get_text(" "))


def straight(text: str) -> str:
    """Text on one line, with plain quotation marks."""
    for curly, plain in (("\u2018", "'"), ("\u2019", "'"), ("\u201c", '"'), ("\u201d", '"')):
        text = text.replace(curly, plain)
    return " ".join(text.split())


def scores(notebook: Path) -> dict[str, tuple[str, str]]:
    done = phb("result", notebook, cwd=notebook.parent)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["scores"]
    return {key: (score["total"], score["percent"]) for key, score in found.items()}


@pytest.mark.parametrize("name", ["strong", "weak", "empty"])
def test_plain_papermill_gives_the_expected_result_to_the_last_digit(
    name: str, executed: Callable[[str], Path]
) -> None:
    assert scores(executed(name)) == EXPECTED[name]


def test_an_executed_notebook_reads_as_the_learners_record(
    case: Case, executed: Callable[[str], Path]
) -> None:
    text = text_of(executed("strong"))
    given = json.loads((ANSWERS / "strong.json").read_text())["answers"]
    for question in case.questions:
        assert straight(question.stem)[:60] in text
        if question.feedback:
            assert straight(question.feedback.text)[:60] in text
    assert given["decision"]["reasons"] in text
    assert given["what-surprised"] in text
    assert "1 + 1 + 1 + 0.5714 + 0.8 = 4.3714 of 5 = 87.43 %" in text
    assert "for learning only" in text
    assert "in 12 weeks, 25 January 2027" in text


def test_without_answers_the_module_says_that_it_is_unanswered_and_keeps_its_keys(
    case: Case, tmp_path: Path
) -> None:
    out = tmp_path / "unanswered.ipynb"
    assert papermill(out).returncode == 0
    text = text_of(out)
    assert "Nobody's answers were given" in text
    assert text.count("No answer given.") >= len(case.questions)
    for question in case.questions:
        if question.feedback:
            assert straight(question.feedback.text)[:60] not in text
    assert scores(out) == EXPECTED["empty"]


BAD_FILES = [
    ('{"answers": {"first-lean": 1,}}', "is not JSON"),
    ('{"answers": {"no-such-question": 1}}', "is no question of chronic-pain-massage"),
    ('{"answers": {"first-lean": 3}}', "must be -2, -1, 0, 1 or 2; got 3"),
    (
        '{"answers": {"first-lean": 1,\n"first-lean": 2}}',
        "json:2: first-lean: is answered twice",
    ),
    ('{"case": "another", "answers": {}}', "this workbook plays 'chronic-pain-massage'"),
]


@pytest.mark.parametrize(("content", "message"), BAD_FILES)
def test_answers_that_cannot_be_taken_stop_phb_run_with_one_clear_error_and_no_notebook(
    content: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text(content)
    done = phb("run", WORKBOOK, "--out", "out.ipynb", "--answers", "bad.json", cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "bad.json" in done.stderr
    assert "Traceback" not in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["bad.json"]


def test_answers_that_cannot_be_taken_leave_plain_papermill_a_notebook_marked_as_failed(
    tmp_path: Path,
) -> None:
    (tmp_path / "bad.json").write_text('{"answers": {"first-lean": 9}}')
    out = tmp_path / "out.ipynb"
    done = papermill(out, "-p", "answers", "bad.json")
    assert done.returncode != 0
    assert "bad.json:1: first-lean: must be -2, -1, 0, 1 or 2; got 9." in done.stderr
    notebook = nbformat.read(out, as_version=4)
    assert "papermill-error-cell-tag" in notebook.cells[0].metadata.tags
    assert phb("result", out, cwd=tmp_path).returncode == 2


def test_a_parameter_that_the_notebook_does_not_have_is_refused(tmp_path: Path) -> None:
    done = papermill(tmp_path / "out.ipynb", "-p", "answres", "x.json")
    assert done.returncode != 0
    assert "answres: is no parameter of this notebook. Did you mean 'answers'?" in done.stderr


def test_a_notebook_without_a_result_is_told_so(tmp_path: Path) -> None:
    done = phb("result", WORKBOOK, cwd=tmp_path)
    assert done.returncode == 2
    assert "holds no result" in done.stderr
