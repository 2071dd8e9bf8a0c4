"""Critical errors: told apart from the score, each with its reason and its source."""

from __future__ import annotations

import pytest

from phbkit.assessing import score
from phbkit.casebank import Case, CaseBank
from tests.made import careful, careless

GATES = [
    "units-a-day",
    "sadq",
    "seizures-or-dts",
    "comorbidity",
    "pregnancy",
    "opioids-or-benzodiazepines",
    "supporter",
    "children",
    "driving",
]


@pytest.fixture(scope="module")
def detox(bank: CaseBank) -> Case:
    return bank.load("alcohol-detox-at-home")


def test_the_detox_case_asks_every_safety_gate(detox: Case) -> None:
    assert [gate.id for gate in detox.about.gates] == GATES


@pytest.mark.parametrize("gate", GATES)
def test_going_ahead_where_a_gate_is_not_passed_is_a_critical_error_whatever_the_score(
    detox: Case, gate: str
) -> None:
    tried = [question for question in detox.questions if question.gate == gate]
    assert tried
    for question in tried:
        for option in question.critical:
            result = score(detox, careful(detox) | {question.id: option})
            [error] = result.critical
            assert error.where == question.id
            assert question.feedback
            assert (error.text, error.sources) == (
                question.feedback.text,
                question.feedback.sources,
            )
            assert all(source in detox.sources for source in error.sources)
            assert result.total() == result.possible() - 1
        safe = score(detox, careful(detox))
        assert safe.critical == ()


@pytest.mark.parametrize("case_id", ["alcohol-detox-at-home", "mental-health"])
def test_an_unsafe_plan_agreed_is_a_critical_error_and_declined_is_none(
    bank: CaseBank, case_id: str
) -> None:
    case = bank.load(case_id)
    answers = careless(case)
    ids = {error.id for error in case.about.critical}
    assert ids
    assert ids & {error.where for error in score(case, answers).critical}
    declined = answers | {"decision": answers["decision"] | {"choice": "decline"}}
    assert not ids & {error.where for error in score(case, declined).critical}


@pytest.mark.parametrize(
    ("case_id", "danger", "error"),
    [
        ("alcohol-detox-at-home", "diy-detox-kit", "stopping-with-a-kit"),
        ("mental-health", "pa-if-medicine", "help-only-while-she-takes-it"),
    ],
)
def test_a_dangerous_item_left_out_of_what_is_agreed_is_no_critical_error(
    bank: CaseBank, case_id: str, danger: str, error: str
) -> None:
    case = bank.load(case_id)
    answers = careless(case)
    assert error in {found.where for found in score(case, answers).critical}
    part = answers["decision"] | {"choice": "agree-part", "not_to": [danger]}
    found = {error.where for error in score(case, answers | {"decision": part}).critical}
    assert error not in found
    assert answers["plan"] == [item.id for item in case.about.items]


def test_a_dangerous_item_left_in_what_is_agreed_in_part_is_a_critical_error(detox: Case) -> None:
    answers = careless(detox)
    part = answers["decision"] | {"choice": "agree-part", "not_to": ["wine-until-then"]}
    errors = score(detox, answers | {"decision": part}).critical
    assert "stopping-with-a-kit" in {error.where for error in errors}
    older = {key: value for key, value in answers["decision"].items() if key != "not_to"}
    assert score(detox, answers | {"decision": older}) == score(detox, answers)


def test_critical_errors_stand_in_the_machine_readable_result(detox: Case) -> None:
    found = score(detox, careless(detox)).as_dict()["critical_errors"]
    assert len(found) >= len(GATES)
    assert all(error["text"] and error["sources"] for error in found)


def test_a_case_without_dangers_has_no_critical_errors(case: Case) -> None:
    assert score(case, careless(case)).as_dict()["critical_errors"] == []
