"""Form values come from a browser that may send anything at all."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.casebank import Case
from phbkit.errors import AnswersError
from phbkit.workbook.answers import MOST_FIELDS, answers_from, check_answer, check_values
from phbkit.workbook.formats import fields_of

FIELDS = [
    "first-lean", "what-to-ask-first", "who-agrees", "what-surprised", "plan", "decision", "cpd",
    "decision.reasons", "decision.review_weeks", "decision.stop_rule",
    "decision.not_to", "ledger", "ledger.socket-missed.holders", "ledger.socket-missed.review",
    "ledger.socket-missed.mitigation", "ledger.socket-missed.stop_rule",
    "cpd.learnt", "cpd.changes.0", "cpd.changes.1", "cpd.changes.2", "cpd.hours", "", "nosuch",
]  # fmt: skip
words = st.text() | st.sampled_from(["a", "2", "-2", "9" * 5000, "NaN", "agree", "swim-gym", "1e9"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary() | words,
    lambda inner: st.lists(inner) | st.dictionaries(words | st.integers(), inner),
    max_leaves=8,
)


# fmt: off
NO_FORM_SENDS = [
    None, "a=1", [("a", "1")], {"a": 1}, {"a": None}, {"a": [1, 2]}, {"a": ["x", None]},
    {"a": [["x"]]}, {"a": {"b": "c"}}, {"a": ("x", "y")}, {"a": b"x"}, {1: "x"},
    {f"f{n}": "x" for n in range(MOST_FIELDS + 1)}, {"a": ["x"] * (MOST_FIELDS + 1)},
    {"a": "x" * 6001}, {"a": ["x" * 6001]},
]
# fmt: on


@pytest.mark.parametrize("values", NO_FORM_SENDS)
def test_values_that_no_form_sends_are_refused(values: object) -> None:
    with pytest.raises(AnswersError, match="must be"):
        check_values(values)


def test_values_at_the_limits_are_taken() -> None:
    full: dict[str, Any] = {f"f{n}": "x" for n in range(MOST_FIELDS - 1)}
    full |= {"a": ["x" * 6000] * MOST_FIELDS}
    assert check_values(full) == full


def test_a_refused_field_is_named_but_not_at_any_length() -> None:
    with pytest.raises(AnswersError) as caught:
        check_values({"n" * 9000: 1})
    assert caught.value.key == "n" * 60


def test_a_filled_form_becomes_answers(case: Case) -> None:
    values: dict[str, str | list[str]] = {"first-lean": "-1", "who-agrees": ["a", "c"], "plan": []}
    values |= {"decision.choice": "trial", "decision.held": "notional"}
    values |= {"decision.reasons": "He asked."}
    values |= {"decision.review_weeks": "12 weeks", "decision.stop_rule": "A bruise."}
    values |= {"cpd.learnt": "A thing.", "cpd.changes.0": "One.", "cpd.changes.1": "Two."}
    answers = answers_from(case, values | {"cpd.changes.2": "", "cpd.hours": "0.50"})
    decision = {"choice": "trial", "held": "notional", "reasons": "He asked.", "review_weeks": 12}
    assert {key: check_answer(case, key, value) for key, value in answers.items()} == {
        "first-lean": -1,
        "who-agrees": ["a", "c"],
        "plan": [],
        "decision": decision | {"stop_rule": "A bruise.", "not_to": []},
        "cpd": {"learnt": "A thing.", "changes": ["One.", "Two."], "hours": "0.50"},
    }


def test_the_fields_of_a_ledger_become_one_answer_and_fill_the_form_again(case: Case) -> None:
    values: dict[str, str | list[str]] = {
        f"ledger.{risk.id}.{name}": ["person"] if name == "holders" else "x"
        for risk in case.about.risks
        for name in ("holders", "mitigation", "stop_rule", "review")
    }
    assert check_values(values) == values
    ledger = check_answer(case, "ledger", answers_from(case, values)["ledger"])
    assert set(ledger) == {risk.id for risk in case.about.risks}
    assert fields_of("ledger", ledger) == values


def test_the_longest_risk_id_makes_a_field_that_is_taken() -> None:
    values: dict[str, Any] = {f"ledger.{'r' * 60}.mitigation": "x"}
    assert check_values(values) == values


def test_what_was_left_empty_is_not_an_answer(case: Case) -> None:
    empty: dict[str, str | list[str]] = {"first-lean": "", "who-agrees": [], "what-surprised": ""}
    assert answers_from(case, empty) == {}


@pytest.mark.parametrize("text", ["1.0", "1e0", "", "one", "0x1", "9" * 5000, ["1"]])
def test_a_number_that_is_not_whole_is_refused(case: Case, text: str | list[str]) -> None:
    given = answers_from(case, {"decision.review_weeks": text})
    with pytest.raises(AnswersError) as caught:
        check_answer(case, "decision", given["decision"])
    assert caught.value.problems["decision.review_weeks"]


@given(values=anything | st.dictionaries(st.sampled_from(FIELDS), anything))
def test_whatever_a_browser_sends_only_an_answers_error_comes_of_it(
    case: Case, values: object
) -> None:
    with suppress(AnswersError):
        for key, value in answers_from(case, check_values(values)).items():
            check_answer(case, key, value)


@given(values=st.dictionaries(st.sampled_from(FIELDS), words | st.lists(words)), choice=words)
def test_whatever_a_field_holds_it_is_taken_or_refused_by_name(
    case: Case, values: dict[str, str | list[str]], choice: str
) -> None:
    answers = answers_from(case, values | {"decision.choice": choice})
    refused = {}
    for key, value in answers.items():
        try:
            check_answer(case, key, value)
        except AnswersError as error:
            refused[key] = error.key.split(".")[0]
    assert refused == {key: key for key in refused}
