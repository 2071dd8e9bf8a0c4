"""Draws: the same for one seed, inside what was thought possible; without doubt, a line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.money.roll_out import Parameters, Terms, UptakeCurve
from phbkit.money.scenario import Scenario, Triangular, bands, likely_flows, sensitivities
from tests.money.contracts import CONTRACT

TERMS = Terms(325_000, set_up=45_000, support=15_000, bridging=20_000_000, commissioner=0.6)
SPREADS = Parameters(
    uptake=Triangular(0.2, 0.4, 0.55),
    need=Triangular(0.9, 1.0, 1.25),
    price_rise=Triangular(0.0, 0.02, 0.06),
    drop_out=Triangular(0.02, 0.08, 0.2),
)
SCENARIO = Scenario(CONTRACT, TERMS, UptakeCurve(24, 36), SPREADS)


def sure(scenario: Scenario) -> Scenario:
    """The same scenario without a doubt in it."""
    points = (Triangular(*[likely] * 3) for likely in vars(scenario.likely).values())
    return replace(scenario, spreads=Parameters(*points))


def test_the_same_seed_gives_the_same_bands_and_another_one_does_not() -> None:
    first, again, other = (SCENARIO.drawn(500, seed) for seed in (7, 7, 8))
    for name in vars(SPREADS):
        assert (getattr(first, name) == getattr(again, name)).all()
        assert (getattr(first, name) != getattr(other, name)).any()


def test_one_belief_changed_leaves_the_draws_of_the_others() -> None:
    wider = replace(SCENARIO, spreads=replace(SPREADS, need=Triangular(0.5, 1.0, 3.0)))
    before, after = SCENARIO.drawn(500, 1), wider.drawn(500, 1)
    assert (before.uptake == after.uptake).all()
    assert (before.drop_out == after.drop_out).all()
    assert (before.need != after.need).any()


@given(st.lists(st.floats(-10, 10), min_size=3, max_size=3).map(sorted), st.integers(0, 9))
def test_no_draw_lies_outside_the_lowest_and_the_highest(ends: list[float], seed: int) -> None:
    spread = Triangular(*ends)
    found = spread.at(np.random.default_rng(seed).random(200))
    assert np.isfinite(found).all()
    assert (found >= spread.low - 1e-9).all()
    assert (found <= spread.high + 1e-9).all()


def test_draws_have_the_mean_and_the_variance_of_a_triangle() -> None:
    low, likely, high = 0.9, 1.0, 1.25
    found = Triangular(low, likely, high).at(np.random.default_rng(1).random(200_000))
    mean = (low + likely + high) / 3
    variance = (low**2 + likely**2 + high**2 - low * likely - low * high - likely * high) / 18
    assert found.mean() == pytest.approx(mean, abs=0.001)
    assert found.var() == pytest.approx(variance, rel=0.02)


def test_without_doubt_the_band_is_the_line() -> None:
    scenario = sure(SCENARIO)
    flows, found = likely_flows(scenario), bands(scenario, 300, 1)
    assert found.cumulative_net_cost == tuple((v, v, v) for v in flows.cumulative_net_cost.tolist())
    assert found.peak_deficit == (int(flows.peak_deficit),) * 3
    assert found.carried["bridging"] == flows.bridged.sum()
    assert all(effect.swing == 0 for effect in sensitivities(scenario))


def test_bands_are_in_order_and_what_is_carried_adds_up() -> None:
    found = bands(SCENARIO, 2000, 1)
    for low, middle, high in (*found.cumulative_net_cost, found.peak_deficit):
        assert low <= middle <= high
    assert 0 <= found.payback_month <= found.break_even_month <= 1
    assert found.carried["person"] == 0


def test_what_matters_most_comes_first_and_says_where_it_turns() -> None:
    effects = sensitivities(SCENARIO)
    assert [each.swing for each in effects] == sorted((e.swing for e in effects), reverse=True)
    assert effects[0].name in {"uptake", "need"}
    for effect in effects:
        crosses = (effect.low <= TERMS.bridging) != (effect.high <= TERMS.bridging)
        assert len(effect.turns) % 2 == crosses
        assert effect.least <= min(effect.low, effect.high) <= effect.most
        assert effect.fits_low == (effect.low <= TERMS.bridging)
