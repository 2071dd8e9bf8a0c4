"""The three agreements: each stands for itself, and nobody's no is outvoted."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.casebank import Case, CaseBank
from phbkit.casebank.models import DecisionId, Held
from phbkit.decision import Plan
from phbkit.decision.agreements import Agreements
from tests.made import WORKBOOKS

USUAL = ["massage-fortnightly", "prosthetics-review", "swim-gym"]
DENISE, BARGAIN = "partner-paid", "massage-if-opioid-stops"
GOES_AHEAD = ("agree", "agree-part", "trial")


def heard(case: Case, plan: list[str], choice: str, *not_to: str, held: str = "notional") -> Any:
    return Agreements.of(
        Plan.of(case, plan), {"choice": choice, "held": held, "not_to": list(not_to)}
    )


def test_a_plan_is_agreed_when_all_three_agree_to_all_of_it(case: Case) -> None:
    three = heard(case, USUAL, "trial")
    assert (three.person.says, three.commissioner.says) == ("agrees", "agrees")
    assert three.agreed
    assert three.in_common == three.plan
    assert not any(three.refused.values())


@pytest.mark.parametrize("choice", ["defer", "decline"])
def test_a_plan_that_the_professional_does_not_agree_is_not_agreed_whoever_wants_it(
    case: Case, choice: str
) -> None:
    three = heard(case, USUAL, choice)
    assert three.person.says == "agrees"
    assert not three.agreed
    assert not three.in_common.items
    assert not three.against_the_person


def test_what_the_person_refuses_is_not_agreed_by_a_yes_from_the_professional(case: Case) -> None:
    three = heard(case, [*USUAL, DENISE], "agree")
    assert (three.person.says, three.person.not_to) == ("agrees in part", (DENISE,))
    assert not three.agreed
    assert DENISE not in three.in_common.ids
    assert three.against_the_person == {DENISE}
    assert three.refused["person"] == {DENISE}


def test_the_person_is_asked_again_about_what_is_left(case: Case) -> None:
    three = heard(case, [*USUAL, BARGAIN], "agree-part", BARGAIN)
    assert three.person.says == "does not agree"
    assert three.again
    assert three.again.says == "agrees"
    assert not three.against_the_person
    assert three.in_common.ids == set(USUAL)
    assert not three.agreed
    assert three.refused["person"] == three.refused["professional"] == {BARGAIN}


def test_the_commissioner_answers_what_is_left_and_how_it_would_be_held(case: Case) -> None:
    whole = heard(case, [*USUAL, "private-gp-visits"], "agree")
    assert whole.commissioner.says == "does not agree"
    assert not whole.in_common.items
    part = heard(case, [*USUAL, "private-gp-visits"], "agree-part", "private-gp-visits")
    assert part.commissioner.says == "agrees"
    assert part.in_common.ids == set(USUAL)


@pytest.fixture(scope="module")
def cases(bank: CaseBank) -> list[Case]:
    loaded = [bank.load(case_id) for case_id in sorted(WORKBOOKS.values())]
    return [case for case in loaded if case.about.replies]


@given(data=st.data())
def test_whatever_is_agreed_was_refused_by_nobody(cases: list[Case], data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(cases))
    chosen = data.draw(st.sets(st.sampled_from([item.id for item in case.about.items])))
    choice, held = data.draw(st.sampled_from(list(product(get_args(DecisionId), get_args(Held)))))
    left_out = data.draw(st.sets(st.sampled_from(sorted(chosen)))) if chosen else set()
    not_to = left_out if choice == "agree-part" and left_out < chosen else set()
    three = heard(case, sorted(chosen), choice, *not_to, held=held)
    refused = frozenset().union(*three.refused.values())
    assert three.in_common.ids | refused == chosen
    assert three.in_common.ids.isdisjoint(refused)
    assert not_to <= refused
    assert three.against_the_person <= refused - not_to
    if three.agreed:
        assert choice in GOES_AHEAD
        assert three.in_common.ids == chosen
