"""Simulated cohorts: the same again, plausible, takeable, and marked wherever they show."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import correlation, mean
from subprocess import CompletedProcess

import pyarrow.parquet as pq
import pytest

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.reading import read_cohort
from phbkit.cohort.simulate import simulate, whole_answers
from phbkit.scoring import score
from phbkit.workbook.answers import check_answers
from tests.cohort.machinery import ROOT, read
from tests.cohort.machinery import phb as phb_program
from tests.commands import phb
from tests.conftest import CASEBANK

DEAL, PAIN = "know-the-deal", "chronic-pain-massage"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    bank = CaseBank(CASEBANK)
    return [bank.load(case) for case in bank.case_ids]


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(
    ending: str, tmp_path: Path
) -> None:
    def made(run: Callable[..., CompletedProcess[str]], seed: int) -> bytes:
        words = ("simulate", "-o", f"made.{ending}", "--seed", seed, "--learners", 20)
        done = run(*words, cwd=tmp_path, env={"PYTHONHASHSEED": "random", "PATH": "/usr/bin"})
        assert done.returncode == 0, done.stderr
        assert "120 simulated attempts of 20 learners" in done.stdout
        return (tmp_path / f"made.{ending}").read_bytes()

    once = made(phb, 7)
    assert made(phb_program, 7) == once  # in another process, and with other hashes
    assert made(phb, 8) != once


def test_a_learner_answers_the_same_however_many_others_there_are(cases: list[Case]) -> None:
    few = [attempt.answers for attempt in simulate(cases, 3, 7)]
    many = [attempt.answers for attempt in simulate(cases, 30, 7)]
    assert many[: len(few)] == few


def test_every_simulated_answer_can_be_taken(cases: list[Case]) -> None:
    known = {case.id: case for case in cases}
    seen = defaultdict(set)
    for attempt in simulate(cases, 40, 7):
        check_answers(known[attempt.case], {"answers": attempt.answers})
        seen[attempt.case] |= set(attempt.answers)
    for case in cases:
        assert {q.id for q in case.questions} | {
            q.sure_key for q in case.questions if q.sure_key
        } <= seen[case.id]
        whole = whole_answers(case)
        check_answers(case, {"answers": whole})
        assert {q.id for q in case.questions} <= set(whole)


def test_who_knows_more_of_one_half_knows_more_of_the_other(cases: list[Case]) -> None:
    marks = defaultdict(lambda: ([], []))  # type: ignore[var-annotated]
    known = {case.id: case for case in cases}
    for attempt in simulate(cases, 200, 7):
        case = known[attempt.case]
        result = score(case, check_answers(case, {"answers": attempt.answers})).as_dict()
        for place, mark in enumerate(result["questions"]):
            if mark["key"] == "key":
                marks[attempt.learner][place % 2].append(float(mark["credit"]))
    halves = [(mean(even), mean(odd)) for even, odd in marks.values()]
    evens, odds = zip(*halves, strict=True)
    assert correlation(evens, odds) > 0.5
    assert 0.35 < mean(evens) < 0.85
    assert len(set(evens)) > 50


def test_some_answers_are_missing_and_most_are_there(cases: list[Case]) -> None:
    asked = given = 0
    for attempt in simulate(cases, 50, 7):
        case = next(case for case in cases if case.id == attempt.case)
        asked += len(case.questions)
        given += sum(question.id in attempt.answers for question in case.questions)
    assert 0.9 < given / asked < 0.995


def test_simulated_is_said_wherever_the_cohort_shows(tmp_path: Path) -> None:
    words = ("--learners", 3, "--case", DEAL, "--case", PAIN)
    for ending in ("jsonl", "csv"):
        phb("simulate", "-o", f"made.{ending}", *words, cwd=tmp_path)
    lines = (tmp_path / "made.jsonl").read_text().splitlines()
    assert all(json.loads(line)["simulated"] is True for line in lines)
    with (tmp_path / "made.csv").open(newline="") as table:
        assert {row["simulated"] for row in csv.DictReader(table)} == {"yes"}
    workbooks = [ROOT / "workbooks" / f"{name}.ipynb" for name in (
        "know_the_deal", "chronic_pain_massage",
    )]  # fmt: skip
    done = phb("run", *workbooks, "-a", "made.csv", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out"
    assert json.loads((out / "manifest.json").read_text())["simulated"] is True
    assert set(pq.read_table(out / "results.parquet")["simulated"].to_pylist()) == {True}
    with (out / "results.csv").open(newline="") as table:
        assert {row["simulated"] for row in csv.DictReader(table)} == {"True"}
    notebooks = list((out / "notebooks").rglob("*.ipynb"))
    assert len(notebooks) == 6
    for file in notebooks:
        assert "simulated" in file.stem
        shown = json.dumps([cell.get("outputs", []) for cell in read(file).cells])
        assert "simulated" in shown.casefold()
    for file in (out / "answers").rglob("*.json"):
        assert json.loads(file.read_text())["simulated"] is True


def test_real_answers_are_not_called_simulated(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("learner,raise-it\nann,1\n")
    workbook = ROOT / "workbooks" / "know_the_deal.ipynb"
    assert phb("run", workbook, "-a", "real.csv", "-o", "out", cwd=tmp_path).returncode == 0
    out = tmp_path / "out"
    assert json.loads((out / "manifest.json").read_text())["simulated"] is False
    assert set(pq.read_table(out / "results.parquet")["simulated"].to_pylist()) == {False}


def test_a_simulated_cohort_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    done = phb("simulate", "-o", tmp_path / "made.xlsx", cwd=tmp_path)
    assert done.returncode == 2
    assert "the name must end in .jsonl or .csv" in done.stderr
    (tmp_path / "file").touch()
    done = phb("simulate", "-o", tmp_path / "file" / "made.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    done = phb("simulate", "-o", tmp_path / "made.csv", "--case", "nosuch", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_simulated_file_reads_as_what_was_simulated(cases: list[Case], tmp_path: Path) -> None:
    phb("simulate", "-o", "made.jsonl", "--learners", 5, "--seed", 3, cwd=tmp_path)
    assert list(read_cohort(str(tmp_path / "made.jsonl"), cases)) == list(simulate(cases, 5, 3))
