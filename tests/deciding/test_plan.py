"""A costed plan: pounds, outcomes and risks, whatever order the items came in."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.casebank import Case
from phbkit.deciding import Plan, Proposal, findings
from phbkit.errors import UnknownNameError

PENCE_A_YEAR = {
    "massage-weekly": 198_000,
    "massage-fortnightly": 108_000,
    "massage-if-opioid-stops": 198_000,
    "physio-exercise": 52_000,
    "swim-gym": 40_800,
    "adapted-tools": 38_500,
    "counselling-acceptance": 48_000,
    "partner-paid": 67_500,
    "private-gp-visits": 38_000,
    "prosthetics-review": 0,  # the NHS pays
    "pain-programme": 0,
    "own-money-extra": 0,  # Owen would pay
}
some_items = st.sets(st.sampled_from(sorted(PENCE_A_YEAR)))


def test_a_plan_costs_what_its_bought_items_cost_in_a_year(case: Case) -> None:
    plan = Plan.of(case, ["massage-fortnightly", "swim-gym", "adapted-tools", "prosthetics-review"])
    assert plan.cost == 24 * 45 + 12 * 34 + 385 == 1873
    assert plan.left == 2400 - 1873


@given(chosen=some_items)
def test_money_adds_up_to_the_penny(case: Case, chosen: set[str]) -> None:
    plan = Plan.of(case, chosen)
    assert plan.cost * 100 == sum(PENCE_A_YEAR[item] for item in chosen)
    assert plan.cost + plan.left == case.about.budget.indicative
    assert plan.frame().query("how == 'bought'")["cost a year"].sum() == float(plan.cost)


@given(chosen=some_items, shuffle=st.randoms())
def test_the_order_of_items_makes_no_difference(
    case: Case, chosen: set[str], shuffle: random.Random
) -> None:
    one, other = sorted(chosen), sorted(chosen)
    shuffle.shuffle(other)
    first, second = Plan.of(case, one), Plan.of(case, [*other, *other])
    assert first == second
    assert (first.cost, first.served, first.risks) == (second.cost, second.served, second.risks)
    assert findings(Proposal(first)) == findings(Proposal(second))


def test_a_plan_brings_the_risks_of_doing_and_of_not_doing(case: Case) -> None:
    def risks(*items: str) -> set[str]:
        return {risk.id for risk in Plan.of(case, items).risks}

    assert risks() == {"socket-missed", "nothing-for-the-shoulder", "no-plan-for-a-bad-day"}
    assert risks("massage-weekly", "prosthetics-review", "pain-programme") == {
        "bruise-or-bleed",
        "pressure-on-the-stump",
    }


def test_an_unknown_item_is_refused_with_a_suggestion(case: Case) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'swim-gym'"):
        Plan.of(case, ["swim-gim"])
