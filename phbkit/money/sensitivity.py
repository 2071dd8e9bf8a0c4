"""One scenario whole, and many beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from phbkit.money.bands import Bands, Sensitivity, Triangular, draw, one_way_sensitivity, summary_of
from phbkit.money.contract import Contract
from phbkit.money.roll_out import Flows, Parameters, Terms, UptakeCurve, roll_out


@dataclass(frozen=True)
class Scenario:
    """A contract, the terms, a pace, and what is believed of what nobody knows."""

    contract: Contract
    terms: Terms
    pace: UptakeCurve
    uptake: Triangular
    need: Triangular
    price_rise: Triangular
    drop_out: Triangular

    @property
    def spreads(self) -> dict[str, Triangular]:
        """The beliefs by name."""
        return {
            "uptake": self.uptake,
            "need": self.need,
            "price_rise": self.price_rise,
            "drop_out": self.drop_out,
        }

    @property
    def likely(self) -> Parameters:
        """Every belief at its likeliest."""
        return Parameters(**{name: spread.likely for name, spread in self.spreads.items()})

    def flows(self) -> Flows:
        """Play it with every belief at its likeliest."""
        return _flows(self)

    def bands(self, draws: int, seed: int) -> Bands:
        """Play it with many draws."""
        return _bands(self, draws, seed)

    def effects(self) -> tuple[Sensitivity, ...]:
        """Rank its beliefs by how far each moves the deepest hole."""
        return _effects(self)


@lru_cache(maxsize=64)
def _flows(scenario: Scenario) -> Flows:
    return roll_out(scenario.contract, scenario.terms, scenario.pace, scenario.likely)


@lru_cache(maxsize=256)
def _bands(scenario: Scenario, draws: int, seed: int) -> Bands:
    drawn = draw(scenario.spreads, draws, seed)
    flows = roll_out(scenario.contract, scenario.terms, scenario.pace, drawn)
    return summary_of(flows, scenario.terms.bridging)


@lru_cache(maxsize=64)
def _effects(scenario: Scenario) -> tuple[Sensitivity, ...]:
    return tuple(
        one_way_sensitivity(scenario.contract, scenario.terms, scenario.pace, scenario.spreads)
    )


def outcome(scenario: Scenario, draws: int, seed: int) -> dict[str, Any]:
    """Give the figures of a scenario that are compared: pence, months, and chances.

    `balances` and `repaid` are months with every belief at its likeliest, 0 where there is none.
    """
    flows, bands = scenario.flows(), scenario.bands(draws, seed)
    return {
        "deepest": int(flows.peak_deficit),
        "balances": int(flows.break_even_month),
        "repaid": int(flows.payback_month),
        "extra": int(flows.cumulative_net_cost[-1]),
        **{f"carried by {name}": int(each.sum()) for name, each in flows.carriers.items()},
        "deepest, 1 in 10 below": bands.peak_deficit[0],
        "deepest, half below": bands.peak_deficit[1],
        "deepest, 9 in 10 below": bands.peak_deficit[2],
        "chance balances": bands.break_even_month,
        "chance repaid": bands.payback_month,
        "chance bridging is enough": bands.bridged,
    }
