"""A roll-out by hand: closed forms to the penny, and nothing that vanishes between the carriers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phbkit.money.contract import Contract
from phbkit.money.roll_out import Flows, Parameters, Terms, UptakeCurve, roll_out
from tests.money.contracts import CONTRACT, contracts, pennies, shares

ONE = Parameters(uptake=1 / 240)

terms = st.builds(
    Terms,
    plan_cost=pennies,
    set_up=pennies,
    support=pennies,
    team=pennies,
    newcomers=shares,
    backfill=shares,
    covered=shares | st.just(1.0),
    bridging=pennies,
    commissioner=shares,
)
paces = st.builds(UptakeCurve, over=st.integers(1, 60), months=st.integers(1, 36))
drawn = st.integers(1, 5).flatmap(
    lambda draws: st.builds(
        Parameters,
        uptake=_columns(draws, 0, 1),
        need=_columns(draws, 0.1, 10),
        price_rise=_columns(draws, -0.2, 0.5),
        drop_out=_columns(draws, 0, 1),
    )
)


def _columns(draws: int, low: float, high: float) -> st.SearchStrategy[Any]:
    values = st.lists(st.floats(low, high), min_size=draws, max_size=draws)
    return values.map(np.array)


def play(**changes: Any) -> Flows:
    """One leaver from the first month, and nothing but a plan at £3,250 a year."""
    plain = {
        "contract": CONTRACT,
        "terms": Terms(325_000),
        "pace": UptakeCurve(1, 12),
        "beliefs": ONE,
    }
    return roll_out(**(plain | changes))


def test_one_leaver_for_a_year_costs_the_plan_less_the_variable_cost_to_the_penny() -> None:
    flows = play()
    assert flows.plans.sum() == 325_000
    assert flows.released.sum() == 130_000
    assert flows.cumulative_net_cost[-1] == 195_000
    assert (flows.extra > 0).all()
    assert flows.break_even_month == 0


def test_twenty_four_leavers_release_a_step_once_notice_is_served() -> None:
    contract = Contract(240, 37_440_000, 56_160_000, 31_200_000, 24, step_notice=6)
    flows = play(contract=contract, beliefs=Parameters(uptake=0.1))
    per_month = 24 * 130_000 // 12
    assert flows.released[:6].tolist() == [per_month] * 6
    assert flows.released[6:].sum() == 6 * (per_month + 5_616_000 // 12)


def test_notice_for_variable_cost_holds_the_money_back_so_many_months() -> None:
    contract = Contract(240, 0, 0, 31_200_000, 24, variable_notice=3)
    released = play(contract=contract).released
    assert released[:3].tolist() == [0, 0, 0]
    assert released.sum() == round(130_000 * 9 / 12)


def test_a_straight_uptake_adds_up_as_the_sum_of_the_first_numbers() -> None:
    months, people = 24, 96
    flows = play(pace=UptakeCurve(months, months), beliefs=Parameters(uptake=people / 240))
    month = np.arange(1, months + 1)
    plans = people * 325_000 / 12 / months * month * (month + 1) / 2
    variable = people * 130_000 / 12 / months * month * (month + 1) / 2
    steps = np.floor(people * month / months / 24 + 1e-9) * 5_616_000 / 12
    assert abs(flows.plans.cumsum() - plans).max() <= 0.5
    assert abs(flows.released.cumsum() - variable - steps.cumsum()).max() <= 0.5


def test_a_plan_that_costs_what_its_leaver_releases_makes_no_hole() -> None:
    contract = Contract(240, 37_440_000, 0, 31_200_000, 24)
    flows = play(contract=contract, terms=Terms(130_000, bridging=5))
    assert not flows.extra.any()
    assert not flows.bridged.any()
    assert (flows.peak_deficit, flows.break_even_month, flows.payback_month) == (0, 1, 1)


def test_the_contract_let_again_releases_fixed_cost_from_the_next_month() -> None:
    contract = Contract(240, 37_440_000, 0, 0, 24, end=6, fixed_released=0.5)
    released = play(contract=contract).released
    assert released[:6].sum() == 0
    assert released[6:].sum() == 156_000 // 2 // 2


def test_newcomers_and_filled_places_cost_a_budget_and_release_nothing() -> None:
    for change in ({"newcomers": 1.0}, {"backfill": 1.0}):
        flows = play(terms=Terms(325_000, **change))
        assert flows.plans.sum() == 325_000
        assert flows.released.sum() == 0


def test_prices_rise_from_the_thirteenth_month_and_need_from_the_first() -> None:
    flows = play(pace=UptakeCurve(1, 24), beliefs=Parameters(1 / 240, need=1.1, price_rise=0.04))
    assert flows.plans[:12].sum() == 357_500
    assert flows.plans[12:].sum() == 371_800


def test_who_goes_back_leaves_so_many_after_a_year() -> None:
    flows = play(pace=UptakeCurve(1, 13), beliefs=Parameters(uptake=0.5, drop_out=0.2))
    assert math.isclose(flows.holders[12], 120 * 0.8)


def test_a_step_that_people_came_back_to_is_not_released() -> None:
    contract = Contract(240, 0, 56_160_000, 0, 24, step_notice=3)
    beliefs = Parameters(uptake=24.5 / 240, drop_out=0.3)
    assert play(contract=contract, beliefs=beliefs).released.sum() == 0


def test_bridging_is_spent_first_and_the_rest_is_shared() -> None:
    flows = play(terms=Terms(325_000, bridging=100_000, commissioner=0.6))
    assert flows.bridged.sum() == 100_000
    assert flows.commissioner.sum() == 57_000
    assert flows.provider.sum() == 38_000
    assert flows.person.sum() == 0
    assert flows.peak_deficit_month == 12


def test_gains_pay_bridging_money_back_before_they_are_shared() -> None:
    contract = Contract(240, 37_440_000, 0, 0, 24, end=6, fixed_released=1.0)
    given_terms = Terms(78_000, bridging=30_000, commissioner=0.5)
    flows = play(contract=contract, terms=given_terms, pace=UptakeCurve(1, 24))
    assert flows.bridged.cumsum().max() == 30_000
    assert flows.payback_month == 12
    assert flows.bridged.sum() == 0
    assert flows.commissioner.sum() == flows.provider.sum() == flows.cumulative_net_cost[-1] / 2


def test_a_budget_that_does_not_cover_the_plan_leaves_the_rest_with_the_person() -> None:
    flows = play(terms=Terms(325_000, covered=0.9))
    assert flows.person.sum() == 32_500
    assert flows.bridging_need == flows.peak_deficit - 32_500
    assert flows.commissioner.sum() + flows.provider.sum() == 195_000 - 32_500


@given(contracts, terms, paces, drawn)
@settings(max_examples=200)
def test_what_both_services_cost_beyond_the_contract_is_what_the_four_carry(
    contract: Contract, terms: Terms, pace: UptakeCurve, beliefs: Parameters
) -> None:
    flows = roll_out(contract, terms, pace, beliefs)
    assert flows.plans.shape == (pace.months, len(beliefs.uptake))
    carried = flows.bridged + flows.commissioner + flows.provider + flows.person
    assert (carried == flows.plans + flows.running - flows.released).all()
    assert (sum(flows.carriers.values()) == flows.extra).all()
    bridged = flows.bridged.cumsum(axis=0)
    assert ((bridged >= 0) & (bridged <= terms.bridging)).all()
    assert (flows.person.sum(axis=0) >= 0).all()
    if terms.covered == 1:
        assert not flows.person.any()
    if contract.end == 0 or contract.end >= pace.months:
        most = (contract.semi + contract.variable) * pace.months / 12
        assert (flows.released.sum(axis=0) <= most + 1).all()


@given(contracts, terms, paces, st.floats(0, 1))
@settings(max_examples=60)
def test_whoever_carries_everything_leaves_the_other_nothing(
    contract: Contract, terms: Terms, pace: UptakeCurve, uptake: float
) -> None:
    for commissioner, other in ((1.0, "provider"), (0.0, "commissioner")):
        given_terms = Terms(**(vars(terms) | {"commissioner": commissioner}))
        flows = roll_out(contract, given_terms, pace, Parameters(uptake))
        assert not getattr(flows, other).any()


@given(st.integers(0, 8), st.lists(st.floats(0, 50), min_size=1, max_size=12))
def test_only_who_was_gone_for_the_whole_notice_counts(notice: int, gone: list[float]) -> None:
    contract = Contract(50, 0, 0, 50 * 12 * 100, 1, variable_notice=notice)
    by_hand = [
        min(gone[month - notice : month + 1]) if month >= notice else 0.0
        for month in range(len(gone))
    ]
    expected = np.cumsum([100 * each for each in by_hand])
    assert abs(contract.released(np.array(gone)).cumsum() - expected).max() <= 0.5 + 1e-6


@pytest.mark.parametrize(
    ("extra", "month"),
    [([5, -1, -1], 2), ([5, -1, 1], 0), ([0, 0, 0], 1), ([1, 1, 1], 0), ([-1, 2, 0], 3)],
)
def test_the_books_balance_from_the_month_after_the_last_that_costs_more(
    extra: list[int], month: int
) -> None:
    nothing = np.zeros(3, dtype=np.int64)
    flows = Flows(nothing, nothing, np.array(extra), *[nothing] * 5)
    assert flows.break_even_month == month


def test_the_shape_of_uptake_is_stretched_over_other_months() -> None:
    pace = UptakeCurve.of([(3, 2), (6, 10)], over=12, months=14)  # type: ignore[list-item]
    curve = pace.curve()
    assert curve[5] == pytest.approx(0.2)
    assert curve[11] == curve[13] == 1
