"""Critical errors: told apart from the score, and none escapes by the form of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations, product
from typing import Any, get_args

import pytest

from phbkit.casebank import Case, CaseBank, Question
from phbkit.casebank.models import CriticalError, DecisionId, Held
from phbkit.scoring import score
from phbkit.scoring.marking import critical_errors
from tests.made import careful, careless

PEOPLE = (
    "alcohol-detox-at-home",
    "chronic-pain-massage",
    "mental-health",
    "young-adult-learning-disability",
)


@pytest.fixture(scope="module")
def detox(bank: CaseBank) -> Case:
    return bank.load("alcohol-detox-at-home")


def decided(items: tuple[str, ...], choice: str = "agree", held: str = "notional") -> Any:
    return {"plan": list(items), "decision": {"choice": choice, "held": held, "not_to": []}}


def errors_of(case: Case, answers: dict[str, Any]) -> set[str]:
    return {error.where for error in critical_errors(case, answers)}


def without(answers: dict[str, Any], *items: str) -> dict[str, Any]:
    """Agree part of a plan, and leave some items out."""
    part = answers["decision"] | {"choice": "agree-part", "not_to": list(items)}
    return answers | {"decision": part}


def subsets(items: list[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(items, size) for size in range(len(items) + 1))


@pytest.mark.parametrize("case_id", PEOPLE)
def test_every_gate_can_be_failed_and_passed(bank: CaseBank, case_id: str) -> None:
    case = bank.load(case_id)
    assert case.about.gates
    for gate in case.about.gates:
        tried = [question for question in case.questions if question.gate == gate.id]
        assert any(question.critical for question in tried)
        assert all(set(question.key).isdisjoint(question.critical) for question in tried)


def unsafe_options(bank: CaseBank) -> Iterator[tuple[Case, Question, str]]:
    for case_id in bank.case_ids:
        case = bank.load(case_id)
        for question in case.questions:
            for option in question.critical:
                yield case, question, option


def test_an_unsafe_answer_is_a_critical_error_with_its_own_reason_whatever_the_score(
    bank: CaseBank,
) -> None:
    unsafe = list(unsafe_options(bank))
    assert len(unsafe) > 30
    for case, question, option in unsafe:
        given: Any = option
        if question.format != "single":  # all of the key, and this one; or all but this one
            given = sorted({*question.key} ^ {option})
        result = score(case, careful(case) | {question.id: given})
        [error] = result.critical
        assert question.feedback
        assert (error.where, error.step) == (question.id, question.step)
        assert (error.text, error.sources) == (
            question.critical[option],
            question.feedback.sources,
        )
        assert all(source in case.sources for source in error.sources)
        assert result.total() < result.possible()
        assert score(case, careful(case)).critical == ()


@pytest.mark.parametrize("case_id", PEOPLE)
def test_no_plan_with_something_unsafe_agreed_escapes_whatever_the_decision_is_called(
    bank: CaseBank, case_id: str
) -> None:
    """Every plan of the items that matter, every decision, every part left out, every holder."""
    case = bank.load(case_id)
    assert case.about.critical
    for error in case.about.critical:
        for plan, left_out in parts_of(case, error):
            for choice, held in product(get_args(DecisionId), get_args(Held)):
                if left_out and choice != "agree-part":
                    continue
                answers = decided(plan, choice, held)
                answers["decision"]["not_to"] = list(left_out)
                agreed = set(plan) - set(left_out) if choice not in {"defer", "decline"} else set()
                assert (error.id in errors_of(case, answers)) == is_unsafe(error, agreed, held)


def parts_of(case: Case, error: CriticalError) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    when = error.when
    other = next(i.id for i in case.about.items if i.id not in {*when.with_all, *when.with_any})
    named = [*when.with_all, *when.with_any[:3], *when.without, other]
    for plan in subsets(named):
        for left_out in subsets(list(plan)):
            if len(left_out) < len(plan) or not left_out:
                yield plan, left_out


def is_unsafe(error: CriticalError, agreed: set[str], held: str) -> bool:
    """Say so by reading the condition again, apart from the code that is tested."""
    when = error.when
    return (
        bool(agreed)
        and set(when.with_all) <= agreed
        and (not when.with_any or bool(agreed & set(when.with_any)))
        and not agreed & set(when.without)
        and (not when.held or held in when.held)
    )


NIGHTS, ALONE = "home-with-empty-nights", "one-sister-day-and-night"
FORMS = [
    # Agreed in part, and what is left out is something else, or the very thing that made it safe.
    (("home-detox", "taxis"), ("taxis",), NIGHTS),
    (("home-detox", "supporter-nights"), ("supporter-nights",), NIGHTS),
    (("home-detox", "second-person", "taxis"), ("taxis",), NIGHTS),
    (("private-gp-prescribing", "taxis"), ("taxis",), "prescribing-with-no-nurse"),
    (("home-detox", "supporter-nights", "private-gp-prescribing"), (), "two-prescribers"),
    (("home-detox", "sister-paid"), (), ALONE),
    (("home-detox", "sister-paid", "supporter-nights"), ("supporter-nights",), ALONE),
    (("diy-detox-kit", "peer-support"), ("peer-support",), "stopping-with-a-kit"),
]


@pytest.mark.parametrize(("plan", "left_out", "error"), FORMS)
@pytest.mark.parametrize("choice", ["agree", "agree-part", "trial"])
def test_a_detox_that_is_unsafe_is_so_in_every_form_of_yes(
    detox: Case, plan: tuple[str, ...], left_out: tuple[str, ...], error: str, choice: str
) -> None:
    kept = tuple(item for item in plan if item not in left_out)
    answers = without(decided(plan), *left_out) if left_out else decided(plan)
    if choice != "agree-part":
        answers = decided(kept, choice)
    assert error in errors_of(detox, answers)


OTHERS = [
    ("mental-health", ("shelley-holds-money", "gym"), ("gym",), "money-to-the-one-in-control"),
    ("mental-health", ("pay-off-debt", "gym"), ("gym",), "paying-the-one-in-control"),
    ("mental-health", ("pa-if-medicine", "gym"), ("gym",), "help-only-while-she-takes-it"),
    ("young-adult-learning-disability", ("monday-start", "sensory-kit"), ("sensory-kit",),
     "alone-and-untrained"),
    ("young-adult-learning-disability", ("pa-team", "nhs-team"), ("nhs-team",), "nobody-to-train"),
]  # fmt: skip


@pytest.mark.parametrize(("case_id", "plan", "left_out", "error"), OTHERS)
def test_the_unsafe_part_of_a_plan_agreed_in_part_is_a_critical_error(
    bank: CaseBank, case_id: str, plan: tuple[str, ...], left_out: tuple[str, ...], error: str
) -> None:
    case = bank.load(case_id)
    assert error in errors_of(case, without(decided(plan), *left_out))
    safe = [item for item in plan if item not in left_out][:1]
    if len(safe) < len(plan) and error != "nobody-to-train":
        assert error not in errors_of(case, without(decided(plan), *safe))


def test_an_account_that_somebody_else_can_open_is_unsafe_however_it_is_agreed(
    bank: CaseBank,
) -> None:
    case = bank.load("mental-health")
    direct = decided(("gym",), held="direct-payment")
    assert "an-account-somebody-else-can-open" in errors_of(case, direct)
    assert errors_of(case, decided(("gym", "own-card"), held="direct-payment")) == set()
    assert errors_of(case, decided(("gym",))) == set()


@pytest.mark.parametrize("case_id", PEOPLE)
def test_an_unsafe_plan_declined_or_put_off_is_no_critical_error(
    bank: CaseBank, case_id: str
) -> None:
    case = bank.load(case_id)
    ids = {error.id for error in case.about.critical}
    answers = careless(case)
    assert ids & errors_of(case, answers)
    for choice in ("defer", "decline"):
        refused = answers | {"decision": answers["decision"] | {"choice": choice}}
        assert not ids & errors_of(case, refused)


def test_a_decision_of_before_there_were_parts_is_read_as_it_was(detox: Case) -> None:
    answers = careless(detox)
    older = {key: value for key, value in answers["decision"].items() if key != "not_to"}
    before = score(detox, answers | {"decision": older})
    assert before.as_dict() == score(detox, answers).as_dict()


def test_critical_errors_stand_in_the_machine_readable_result(detox: Case) -> None:
    found = score(detox, careless(detox)).as_dict()
    assert len(found["critical_errors"]) >= 12
    assert all(error["text"] and error["sources"] for error in found["critical_errors"])
    assert all(error["put_right"] for error in found["critical_errors"])
    first = {k: v for k, v in careless(detox).items() if not k.endswith(".again")}
    left = score(detox, first).as_dict()
    assert left["unsafe"] == [error["where"] for error in left["critical_errors"]]
    assert (found["complete"], left["complete"]) == (True, False)
    assert found["scores"] == left["scores"]


def test_a_case_about_nobody_has_no_critical_errors(bank: CaseBank) -> None:
    case = bank.load("getting-the-sums-right")
    assert score(case, careless(case)).as_dict()["critical_errors"] == []
