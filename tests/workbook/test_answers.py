"""Answers: each that cannot be taken says where it is and what would be right."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from phbkit.casebank import Case
from phbkit.errors import AnswersError
from phbkit.workbook.answers import check_answer, check_answers, read_answers

DECISION = {
    "choice": "trial",
    "held": "notional",
    "reasons": "He asked.",
    "review_weeks": 12,
    "stop_rule": "A bruise.",
}
ENTRY = {"holders": ["person"], "mitigation": "", "stop_rule": "", "review": ""}
CPD = {"learnt": "A thing.", "changes": ["One.", "Two."], "hours": "0.5"}
TEXT = "must be text of at most 6000 characters; got "
SCALE = "must be -2, -1, 0, 1 or 2; got "
WEEKS = "must be a whole number of weeks from 1 to 52; got "
HOURS = "must be a decimal number of hours from 0.25 to 10, like 0.50; got "
CHANGES = "must be a list of two or three changes."

# fmt: off
REFUSED: list[tuple[str, Any, str, str]] = [
    ("first-lean", 3, "first-lean", SCALE + "3."),
    ("first-lean", "3", "first-lean", SCALE + "'3'."),
    ("first-lean", "1.0", "first-lean", SCALE + "'1.0'."),
    ("first-lean", True, "first-lean", SCALE + "True."),
    ("first-lean", 1.0, "first-lean", SCALE + "1.0."),
    ("first-lean", None, "first-lean", SCALE + "None."),
    ("right-or-offer", "e", "right-or-offer", "must be one of a, b, c, d; got 'e'."),
    ("right-or-offer", ["d"], "right-or-offer", "must be one of a, b, c, d; got ['d']."),
    ("who-agrees", "a", "who-agrees", "must be a list of a, b, c, d, e; got 'a'."),
    ("who-agrees", [1], "who-agrees", "must be a list of a, b, c, d, e; got [1]."),
    ("who-agrees", ["a", "z"], "who-agrees", "'z' is not one of a, b, c, d, e."),
    ("who-agrees", ["a", "a"], "who-agrees", "names an option twice."),
    ("what-surprised", " \n", "what-surprised", "is not answered yet."),
    ("what-surprised", "é" * 6001, "what-surprised", TEXT + "'ééé"),
    ("what-surprised", 7, "what-surprised", TEXT + "7."),
    ("plan", ["massage-daily"], "plan", "'massage-daily' is not one of massage-weekly, "),
    ("plan", {"massage-weekly": 1}, "plan", "must be a list of massage-weekly, "),
    ("decision", "agree", "decision", "must have choice, held, reasons, review_weeks, stop_rule; "),
    ("decision", {"choice": "agree"}, "decision.held", "is not answered yet."),
    ("decision", DECISION | {"more": 1}, "decision.more", "is not asked here."),
    ("decision", DECISION | {"choice": "perhaps"}, "decision.choice", "must be one of agree, "),
    ("decision", DECISION | {"reasons": ""}, "decision.reasons", "is not answered yet."),
    ("decision", DECISION | {"stop_rule": " "}, "decision.stop_rule", "is not answered yet."),
    *(("decision", DECISION | {"review_weeks": weeks}, "decision.review_weeks", WEEKS)
      for weeks in (0, 53, -1, "x", "3 months", 12.0, True, None)),
    ("decision", DECISION | {"choice": "agree-part"}, "decision.not_to", "is not answered yet: "),
    ("decision", DECISION | {"choice": "agree-part", "not_to": []}, "decision.not_to",
        "is not answered yet: "),
    ("decision", DECISION | {"not_to": ["swim-gym"]}, "decision.not_to", "must be empty, unless "),
    ("decision", DECISION | {"choice": "agree-part", "not_to": ["swim-gim"]}, "decision.not_to",
        "'swim-gim' is not one of "),
    ("decision", DECISION | {"not_to": "swim-gym"}, "decision.not_to", "must be a list of "),
    ("ledger", [], "ledger", "must have some of bruise-or-bleed, "),
    ("ledger", {"bruise": ENTRY}, "ledger", "'bruise' is not one of bruise-or-bleed, "),
    ("ledger", {"bruise-or-bleed": ["person"]}, "ledger.bruise-or-bleed", "must have holders; "),
    ("ledger", {"bruise-or-bleed": {}}, "ledger.bruise-or-bleed.holders", "is not answered yet."),
    ("ledger", {"bruise-or-bleed": ENTRY | {"holders": ["owen"]}},
        "ledger.bruise-or-bleed.holders", "'owen' is not one of person, close, professional, "),
    ("ledger", {"bruise-or-bleed": ENTRY | {"review": 7}}, "ledger.bruise-or-bleed.review",
        TEXT + "7."),
    ("ledger", {"bruise-or-bleed": ENTRY | {"stop_rule": "x" * 6001}},
        "ledger.bruise-or-bleed.stop_rule", TEXT + "'xxx"),
    ("cpd", {"learnt": "x"}, "cpd.changes", "is not answered yet."),
    ("cpd", "x", "cpd", "must have learnt, changes, hours; got 'x'."),
    ("cpd", CPD | {"learnt": ""}, "cpd.learnt", "is not answered yet."),
    ("cpd", CPD | {"changes": ["One."]}, "cpd.changes", CHANGES),
    ("cpd", CPD | {"changes": ["1", "2", "3", "4"]}, "cpd.changes", CHANGES),
    ("cpd", CPD | {"changes": "One. Two."}, "cpd.changes", CHANGES),
    ("cpd", CPD | {"changes": ["One.", " "]}, "cpd.changes.1", "is not answered yet."),
    *(("cpd", CPD | {"hours": hours}, "cpd.hours", HOURS)
      for hours in ("NaN", "sNaN", float("nan"), "Infinity", "0.24", "10.01", "-1", "half", None)),
]
# fmt: on


def write(folder: Path, *lines: str) -> Path:
    file = folder / "answers.json"
    file.write_text("\n".join(lines))
    return file


def refused(case: Case, file: Path) -> AnswersError:
    with pytest.raises(AnswersError) as caught:
        check_answers(case, read_answers(file), file)
    return caught.value


@pytest.mark.parametrize(("key", "value", "field", "problem"), REFUSED)
def test_an_answer_that_cannot_be_taken_says_what_is_allowed(
    case: Case, key: str, value: object, field: str, problem: str
) -> None:
    with pytest.raises(AnswersError) as caught:
        check_answers(case, {"answers": {key: value}})
    assert (caught.value.place, caught.value.key) == ("answers", field)
    assert caught.value.problem.startswith(problem)


def test_answers_are_kept_tidied_and_exact(case: Case) -> None:
    given = {
        "who-agrees": ["e", "a"],
        "first-lean": "-2",
        "what-surprised": "  one\r\ntwo  ",
        "plan": [],
        "ledger": {"socket-missed": ENTRY | {"holders": ["service", "person"], "review": " a\r"}},
        "decision": DECISION | {"review_weeks": "52"},
        "cpd": CPD | {"hours": 0.5, "changes": ["One.", "Two.", "Three."]},
    }
    kept = check_answers(case, {"answers": given})
    assert kept["who-agrees"] == ["a", "e"]
    assert kept["first-lean"] == -2
    assert kept["what-surprised"] == "one\ntwo"
    assert (kept["plan"], kept["decision"]["review_weeks"]) == ([], 52)
    assert kept["ledger"]["socket-missed"]["holders"] == ["person", "service"]
    assert kept["ledger"]["socket-missed"]["review"] == "a"
    assert kept["decision"]["not_to"] == []
    assert (kept["cpd"]["hours"], len(kept["cpd"]["changes"])) == ("0.50", 3)
    assert check_answers(case, {"answers": kept}) == kept


@pytest.mark.parametrize("name", ["strong", "weak", "empty"])
def test_an_answers_file_comes_back_as_it_was_written(case: Case, name: str) -> None:
    file = Path(__file__).parent.parent / "answers" / f"{name}.json"
    assert check_answers(case, read_answers(file), file) == json.loads(file.read_text())["answers"]


def test_every_fault_of_a_ledger_is_told_at_once(case: Case) -> None:
    ledger = {"bruise-or-bleed": ENTRY | {"review": 7}, "socket-missed": ENTRY | {"holders": "me"}}
    with pytest.raises(AnswersError) as caught:
        check_answer(case, "ledger", ledger)
    assert set(caught.value.problems) == {
        "ledger.bruise-or-bleed.review",
        "ledger.socket-missed.holders",
    }


@pytest.mark.parametrize(
    ("plan", "refused", "problem"),
    [
        (["swim-gym"], ["swim-gym"], "is the whole plan."),
        (["swim-gym", "adapted-tools"], ["own-money-extra"], "names 'own-money-extra', which is "),
        (None, ["swim-gym"], "names 'swim-gym', which is not in the plan."),
    ],
)
def test_what_is_agreed_in_part_is_part_of_the_plan(
    case: Case, plan: list[str] | None, refused: list[str], problem: str
) -> None:
    answers = {"decision": DECISION | {"choice": "agree-part", "not_to": refused}}
    with pytest.raises(AnswersError) as caught:
        check_answers(case, {"answers": answers | ({"plan": plan} if plan else {})})
    assert (caught.value.place, caught.value.key) == ("answers", "decision.not_to")
    assert caught.value.problem.startswith(problem)


# fmt: off
MISPLACED = [
    (['{"answers": {', '  "plan": [],', "}}"], 3, "", "is not JSON: "),
    (['{"answers": {"plan": []'], 1, "", "is not JSON: "),
    (['{"answers": {', '  "plan": [],', '  "cpd": {},', '  "plan": []}}'], 4, "plan",
        "is answered twice. Keep one answer."),
    (['{"answers": {},', ' "anwsers": {}}'], 2, "anwsers", "is not known here. Allowed: case, "),
    (['{"case": "x",', ' "answers": {}}'], 1, "case", "is 'x'; this workbook plays "),
    (['{"answers": {', '  "first-leen": 1}}'], 2, "first-leen",
        "is no question of chronic-pain-massage. Did you mean 'first-lean'? Known: "),
    (['{"answers": {', "", '  "plan": ["x"]}}'], 3, "plan", "'x' is not one of "),
]
# fmt: on


@pytest.mark.parametrize(("lines", "line", "key", "problem"), MISPLACED)
def test_a_fault_in_an_answers_file_is_placed_at_its_line(
    case: Case, tmp_path: Path, lines: list[str], line: int, *, key: str, problem: str
) -> None:
    file = write(tmp_path, *lines)
    error = refused(case, file)
    assert (error.place, error.key) == (f"{file}:{line}", key)
    assert error.problem.startswith(problem)
    assert str(error).startswith(f"{file}:{line}: ")


@pytest.mark.parametrize("text", ["[]", "3", "{}", '{"answers": []}', '{"case": "x"}'])
def test_a_file_of_another_shape_shows_the_shape_that_is_wanted(
    case: Case, tmp_path: Path, text: str
) -> None:
    assert "must be a JSON object like" in refused(case, write(tmp_path, text)).problem


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnswersError, match=re.escape(f"{tmp_path}/none.json: cannot be read: ")):
        read_answers(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b'{"answers": {"what-surprised": "caf\xe9"}}')
    with pytest.raises(AnswersError, match=r"latin\.json: cannot be read: "):
        read_answers(tmp_path / "latin.json")
