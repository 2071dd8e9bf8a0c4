"""A run scored again with another case bank: who crosses the line, and nobody else."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from phbkit.casebank import Case, CaseBank
from phbkit.casebank.models import AGAIN
from phbkit.cli import app
from phbkit.cohort.jobs import CohortAttempt, RunError
from phbkit.cohort.remark import ALL_CASES, Remark, remark
from phbkit.cohort.report.standards import Standard, keep_cuts
from phbkit.errors import PhbError, UnknownNameError
from phbkit.scoring import score
from tests.cohort.made_run import made_run, simulated
from tests.made import careful

KNOW, PAIN = "know-the-deal", "chronic-pain-massage"


@pytest.fixture
def cases(bank: CaseBank) -> list[Case]:
    return [bank.load(PAIN), bank.load(KNOW)]


@pytest.fixture
def run(tmp_path: Path, cases: list[Case]) -> Path:
    return made_run(tmp_path / "spring", cases, simulated(cases, 30))


def change(root: Path, case: str, old: str, new: str, file: str = "questions.yaml") -> CaseBank:
    """Change a copy of the case bank in one place."""
    path = root / "cases" / case / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return CaseBank(root)


def rows(made: Remark) -> list[dict[str, str]]:
    with (made.folder / "remarked.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def told(made: Remark) -> dict[str, Any]:
    return dict(json.loads((made.folder / "remark.json").read_text()))


def test_the_same_case_bank_gives_every_score_again_and_nobody_crosses(
    run: Path, bank: CaseBank
) -> None:
    made = remark(run, bank, {"key": 50.0, "clinicians": 50.0, "holders": 50.0})
    assert made.changed == []
    assert made.crossing.empty
    table = rows(made)
    assert len(table) == 30 * 3 * 3  # two cases and all of them; three keys
    assert all(row["before"] == row["after"] != "" for row in table)


def test_a_changed_key_lists_exactly_those_who_cross_before_and_after(
    run: Path, cases: list[Case], bank_copy: Path
) -> None:
    question = next(q for q in cases[1].questions if q.format == "single")
    new = next(o.id for o in question.options if o.id not in question.key)
    bank = change(bank_copy, KNOW, f"key: [{question.key[0]}]", f"key: [{new}]")
    before, after = cases[1], bank.load(KNOW)
    assert after.question(question.id).key == (new,)
    made = remark(run, bank, {"key": 50.0})

    expected = []
    for attempt in simulated(cases, 30):
        if attempt.case == KNOW:
            was, now = (score(case, attempt.answers).percent() for case in (before, after))
            if (was >= 50) != (now >= 50):
                expected.append(
                    (attempt.learner, str(was), str(now), "up" if now > was else "down")
                )
    assert expected  # else this tests nothing
    table = rows(made)
    found = [
        (row["learner"], row["before"], row["after"], row["crosses"])
        for row in table
        if row["crosses"] and row["case"] == KNOW
    ]
    assert found == expected
    assert all(row["before"] == row["after"] for row in table if row["case"] == PAIN)
    assert [case for case, each in told(made)["cases"].items() if each["changed"]] == [KNOW]
    assert len(told(made)["crossing"]) == sum(bool(row["crosses"]) for row in table)


def test_all_cases_together_are_summed_and_not_averaged(
    run: Path, cases: list[Case], bank: CaseBank
) -> None:
    made = remark(run, bank, {"key": 50.0})
    results = {}
    for attempt in simulated(cases, 30):
        case = next(case for case in cases if case.id == attempt.case)
        results.setdefault(attempt.learner, []).append(score(case, attempt.answers))
    for row in rows(made):
        if row["case"] == ALL_CASES and row["key"] == "key":
            own = results[row["learner"]]
            whole = 100 * sum(r.total() for r in own) / sum(r.possible() for r in own)
            assert abs(float(whole) - float(row["before"])) <= 0.00501


def test_a_panel_with_other_judgements_changes_its_own_key_only(run: Path, bank_copy: Path) -> None:
    file = bank_copy / "cases" / KNOW / "panels" / "clinicians.csv"
    header, *lines = file.read_text().splitlines()
    flat = [",".join([*line.split(",")[:2], *["2"] * (header.count(",") - 1)]) for line in lines]
    file.write_text("\n".join([header, *flat]) + "\n")
    made = remark(run, CaseBank(bank_copy), {"clinicians": 50.0})
    moved = {(row["case"], row["key"]) for row in rows(made) if row["before"] != row["after"]}
    assert moved == {(KNOW, "clinicians"), (ALL_CASES, "clinicians")}


def test_the_run_itself_is_left_as_it_is(run: Path, bank_copy: Path) -> None:
    kept = {file: file.read_bytes() for file in run.iterdir() if file.is_file()}
    remark(run, CaseBank(bank_copy), {"key": 50.0})
    assert {file: file.read_bytes() for file in kept} == kept


def test_the_line_is_by_default_the_pass_mark_that_the_report_kept(
    run: Path, bank: CaseBank
) -> None:
    keep_cuts(run, [Standard("key", "fixed", 47.5, (), "")])
    made = remark(run, bank)
    assert made.cuts == {"key": 47.5}
    assert told(made)["cuts_hold_for"] == ALL_CASES


def test_without_a_line_it_says_how_to_give_one(run: Path, bank: CaseBank) -> None:
    with pytest.raises(RunError, match="Give the line: --cut 60"):
        remark(run, bank)
    assert not list(run.glob("remark-*"))


def test_answers_that_the_new_case_bank_does_not_take_are_told_and_not_scored(
    run: Path, cases: list[Case], bank_copy: Path
) -> None:
    question = next(q for q in cases[1].questions if q.format == "single")
    option = next(o for o in question.options if o.id not in question.key)
    bank = change(bank_copy, KNOW, f"- id: {option.id}\n", "- id: renamed\n")
    made = remark(run, bank, {"key": 50.0})
    chose = {a.learner for a in simulated(cases, 30) if a.answers.get(question.id) == option.id}
    assert chose == set(made.refused["learner"])
    assert "must be one of" in made.refused["reason"][0]
    refused = [r for r in rows(made) if r["learner"] in chose and r["case"] in {KNOW, ALL_CASES}]
    assert refused
    assert all(row["after"] == row["crosses"] == "" and row["note"] for row in refused)


def command(run: Path, bank: CaseBank, *more: str) -> tuple[int, list[str]]:
    words = ["remark", str(run), "--casebank", str(bank.root), "--cut", "50", *more]
    done = CliRunner().invoke(app, words)
    return done.exit_code, done.output.splitlines()


def renamed(case: Case, bank_copy: Path) -> tuple[str, CaseBank]:
    """Give every option of a question another name: no answer to it is taken any more."""
    question = next(q for q in case.questions if q.format == "single" and not q.critical)
    file = bank_copy / "cases" / case.id / "questions.yaml"
    head, here, rest = file.read_text().partition(f"- id: {question.id}\n")
    mine, end, others = rest.partition("\n  - id: ")
    for option in question.options:
        mine = mine.replace(f"- id: {option.id}\n", f"- id: new-{option.id}\n")
        mine = mine.replace(f"key: [{option.id}]", f"key: [new-{option.id}]")
    file.write_text(head + here + mine + end + others)
    return question.id, CaseBank(bank_copy)


def test_a_bad_item_is_dropped_for_everybody(run: Path, cases: list[Case], bank: CaseBank) -> None:
    question = next(q for q in cases[1].questions if q.format == "single")
    item = f"{KNOW}/{question.id}"
    made = remark(run, bank, {"key": 50.0}, [item])
    left = replace(cases[1], questions=tuple(q for q in cases[1].questions if q.id != question.id))
    own = {a.learner: a.answers for a in simulated(cases, 30) if a.case == KNOW}
    table = [row for row in rows(made) if row["case"] == KNOW and row["key"] == "key"]
    assert len(table) == 30
    for row in table:
        assert row["after"] == str(score(left, own[row["learner"]]).percent())
    assert any(row["before"] != row["after"] for row in table)
    assert told(made)["dropped"] == [item]
    assert made.folder != remark(run, bank, {"key": 50.0}).folder
    code, lines = command(run, bank, "--drop", item)
    assert code == 0
    assert f"Dropped, for everybody: {item}." in lines
    with pytest.raises(UnknownNameError, match=r"--drop: no item is called 'know-the-deal/no'"):
        remark(run, bank, {"key": 50.0}, [f"{KNOW}/no"])


def test_who_cannot_be_scored_again_is_said_first_and_dropping_the_item_scores_them(
    run: Path, cases: list[Case], bank_copy: Path
) -> None:
    question, bank = renamed(cases[1], bank_copy)
    gave = {a.learner for a in simulated(cases, 30) if question in a.answers}
    code, lines = command(run, bank)
    assert code == 1
    assert lines[0] == (
        f"Not scored again: {len(gave)} of 30 learners, whose answers are not taken."
    )
    assert f" of {30 - len(gave)} learners scored again cross the line" in lines[-1]
    code, lines = command(run, bank, "--drop", f"{KNOW}/{question}")
    assert code == 0
    assert not [line for line in lines if "Not scored again" in line]


def test_critical_errors_are_compared_one_by_one(
    tmp_path: Path, bank: CaseBank, bank_copy: Path
) -> None:
    case = bank.load("alcohol-detox-at-home")
    one, two = [q for q in case.questions if q.critical and q.format == "single"][:2]
    answers = careful(case) | {one.id: next(iter(one.critical))}
    answers[two.id] = next(o.id for o in two.options if o.id not in {*two.key, *two.critical})
    answers[one.id + AGAIN] = [one.key[0]]  # only the first counts, also where it is safe now
    attempts = [
        CohortAttempt("ann", case.id, answers),
        CohortAttempt("ben", case.id, careful(case)),
    ]
    run = made_run(tmp_path / "run", [case], attempts)
    assert remark(run, bank, {"key": 50.0}).critical.empty
    file = bank_copy / "cases" / case.id / "questions.yaml"
    text = file.read_text()
    for question, new in (
        (one, next(o.id for o in one.options if o.id not in {*one.key, *one.critical})),
        (two, answers[two.id]),
    ):
        head, here, rest = text.partition(f"- id: {question.id}\n")
        old = next(iter(question.critical))
        assert f"      {old}: " in rest.partition("critical:")[2]
        before, mark, after = rest.partition("critical:")
        text = head + here + before + mark + after.replace(f"      {old}: ", f"      {new}: ", 1)
    file.write_text(text)
    made = remark(run, CaseBank(bank_copy), {"key": 50.0})
    assert told(made)["critical_errors"] == [
        {"learner": "ann", "case": case.id, "before": [one.id], "after": [two.id]}
    ]
    _, lines = command(run, CaseBank(bank_copy))
    assert "Critical errors are others for 1 of 2 learners: remark.json." in lines


def test_failed_jobs_and_unfinished_learners_cross_nothing(
    tmp_path: Path, cases: list[Case], bank: CaseBank
) -> None:
    good = careful(cases[0])
    attempts = [
        CohortAttempt("ann", PAIN, good),
        CohortAttempt("ann", KNOW, careful(cases[1])),
        CohortAttempt("ben", PAIN, good),
        CohortAttempt("ben", KNOW, careful(cases[1]) | {"raise-it": 9}),
    ]
    made = remark(made_run(tmp_path / "run", cases, attempts), bank, {"key": 50.0})
    assert made.not_done == 1
    whole = {r["learner"]: r for r in rows(made) if r["case"] == ALL_CASES and r["key"] == "key"}
    assert whole["ann"]["after"] == "100.00"
    assert whole["ben"]["before"] == whole["ben"]["after"] == ""
    assert whole["ben"]["note"] == "Not every case was done."


def test_a_name_that_is_a_formula_stays_a_name(
    tmp_path: Path, cases: list[Case], bank: CaseBank
) -> None:
    attempts = [CohortAttempt("=1+1", KNOW, careful(cases[1]))]
    made = remark(made_run(tmp_path / "run", cases[1:], attempts), bank, {"key": 50.0})
    assert {row["learner"] for row in rows(made)} == {"'=1+1"}


def test_what_cannot_be_used_is_told(run: Path, bank: CaseBank, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"'klinicians'\. Did you mean 'clinicians'"):
        remark(run, bank, {"klinicians": 50.0})
    with pytest.raises(RunError, match="is no case bank"):
        remark(run, CaseBank(tmp_path / "nowhere"), {"key": 50.0})
    with pytest.raises(RunError, match="holds no finished run"):
        remark(tmp_path / "nothing", bank, {"key": 50.0})
    (run / "standard.json").write_text("[]")
    with pytest.raises(PhbError, match="cannot be read as pass marks"):
        remark(run, bank)


def test_the_command_names_who_crosses_and_what_the_line_may_not_do(
    run: Path, cases: list[Case], bank_copy: Path
) -> None:
    question = next(q for q in cases[1].questions if q.format == "single")
    new = next(o.id for o in question.options if o.id not in question.key)
    bank = change(bank_copy, KNOW, f"key: [{question.key[0]}]", f"key: [{new}]")
    crossing = remark(run, bank, {"key": 50.0}).crossing
    done = CliRunner().invoke(
        app, ["remark", str(run), "--casebank", str(bank_copy), "--cut", "50"]
    )
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert "For learning only, not to pass or fail by: key." in lines
    assert f"Changed: {KNOW}." in lines
    for row in crossing.itertuples():
        side = "now at or above" if row.crosses == "up" else "now below"
        said = f"{row.before:.2f} % before, {row.after:.2f} % after, {side} 50.00 %."
        assert f"{row.learner}: {row.case}, key: {said}" in lines
    people = crossing["learner"].nunique()
    assert f"{people} of 30 learners cross the line" in lines[-1]


@pytest.mark.parametrize("cut", ["sixty", "101", "key=", "-1"])
def test_a_line_that_is_no_percentage_is_told(run: Path, bank_copy: Path, cut: str) -> None:
    command = ["remark", str(run), "--casebank", str(bank_copy), f"--cut={cut}"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 2
    assert f"--cut {cut}: must be per cent, like 60" in done.output
