"""A costed plan: pounds, outcomes and risks, whatever order the items came in."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.casebank import Case
from phbkit.decision import Plan, Proposal, findings
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
items = st.sampled_from(sorted(PENCE_A_YEAR))
some_items = st.sets(items)
some_times = st.dictionaries(items, st.integers(1, 400))


def planned(case: Case, chosen: set[str], times: dict[str, int]) -> Plan:
    """Make a plan in which some items happen as often as somebody wants."""
    plan = Plan.of(case, chosen)
    own = (i.model_copy(update={"times": times.get(i.id, i.times)}) for i in plan.items)
    return replace(plan, items=tuple(own))


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


@given(chosen=some_items, times=some_times)
def test_money_adds_up_to_the_penny_however_often_an_item_happens(
    case: Case, chosen: set[str], times: dict[str, int]
) -> None:
    plan = planned(case, chosen, times)
    pence = [
        int(item.price * 100) * times.get(item.id, item.times)
        for item in plan.items
        if item.how == "bought"
    ]
    assert plan.cost * 100 == sum(pence)
    assert plan.cost == plan.one_off + plan.recurring
    assert plan.cost + plan.left == case.budget.indicative
    assert plan.frame()["cost a year"].sum() == pytest.approx(float(plan.cost))
    assert list(plan.frame()["times a year"]) == [item.times for item in plan.items]
    once = [item.budget_cost for item in plan.items if item.times == 1]
    assert plan.one_off == sum(once, Decimal(0))


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


@given(chosen=some_items, times=some_times, out=some_items)
def test_what_is_taken_out_costs_nothing_and_leaves_the_rest_as_it_was(
    case: Case, chosen: set[str], times: dict[str, int], out: set[str]
) -> None:
    plan = planned(case, chosen, times)
    left = plan.without(out)
    assert left == planned(case, chosen - out, times)
    assert left.cost + planned(case, chosen & out, times).cost == plan.cost


def test_what_happens_once_costs_once(case: Case) -> None:
    plan = planned(case, {"swim-gym", "adapted-tools"}, {"swim-gym": 1})
    assert (plan.one_off, plan.recurring, plan.cost) == (419, 0, 419)


def test_once_and_through_the_year_are_told_apart_where_there_are_both(case: Case) -> None:
    both = Plan.of(case, ["swim-gym", "adapted-tools"])._repr_html_()
    assert "Once" in both
    assert "Through the year" in both
    assert "Once" not in Plan.of(case, ["swim-gym"])._repr_html_()


def test_a_plan_brings_the_risks_of_doing_and_of_not_doing(case: Case) -> None:
    def risks(*items: str) -> set[str]:
        return {risk.id for risk in Plan.of(case, items).risks}

    always = {"no-plan-for-a-bad-day"}
    assert risks() == always | {"socket-missed", "nothing-for-the-shoulder", "denise-not-asked"}
    assert risks(
        "massage-weekly", "pain-programme", "prosthetics-review", "carers-assessment"
    ) == always | {
        "bruise-or-bleed",
        "pressure-on-the-stump",
    }


def test_an_unknown_item_is_refused_with_a_suggestion(case: Case) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'swim-gym'"):
        Plan.of(case, ["swim-gim"])
