"""One scenario whole, what is not known of it as bands, and which of that matters.

Each belief is triangular between the lowest and the highest thought possible, with its peak at the
likeliest; they are drawn independently. The same seed draws the same numbers, and one belief that
is changed leaves the draws of the others as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phbkit.money.contract import Contract
from phbkit.money.roll_out import Flows, Parameters, Terms, UptakeCurve, roll_out

QUANTILES = (0.1, 0.5, 0.9)
_GRID = 101


@dataclass(frozen=True)
class Triangular:
    """The lowest, the likeliest and the highest that somebody thinks possible."""

    low: float
    likely: float
    high: float

    def at(self, chance: NDArray[Any]) -> NDArray[Any]:
        """Return the value below which a triangular belief lies with this chance."""
        width, below = self.high - self.low, self.likely - self.low
        if width <= 0:
            return np.full_like(chance, self.likely)
        rising = self.low + np.sqrt(chance * width * below)
        falling = self.high - np.sqrt((1 - chance) * width * (self.high - self.likely))
        return np.where(chance < below / width, rising, falling)


@dataclass(frozen=True)
class Scenario:
    """A contract, the terms, a pace, and what is believed: parameters that are triangular."""

    contract: Contract
    terms: Terms
    pace: UptakeCurve
    spreads: Parameters

    @property
    def likely(self) -> Parameters:
        """Every belief at its likeliest."""
        return Parameters(*(spread.likely for spread in vars(self.spreads).values()))

    def drawn(self, draws: int, seed: int) -> Parameters:
        """Draw beliefs: an array of draws for each."""
        spreads = vars(self.spreads).values()
        chances = np.random.default_rng(seed).random((len(spreads), draws))
        return Parameters(*map(Triangular.at, spreads, chances))

    def flows(self, beliefs: Parameters) -> Flows:
        """Play it with beliefs that are numbers, or arrays of draws."""
        return roll_out(self.contract, self.terms, self.pace, beliefs)


@dataclass(frozen=True)
class Bands:
    """What many draws say. Money is whole pence, chances are between 0 and 1.

    Attributes
    ----------
    cumulative_net_cost
        For each month the extra cost since the beginning: a tenth of the draws lie below the
        first, half below the second, nine tenths below the third.
    peak_deficit
        The same of the deepest hole.
    break_even_month, payback_month, bridged
        The share of draws in which the months balance by the end; in which the hole is filled by
        then; in which bridging money is never exceeded.
    carried
        The mean that each carries over the whole time: bridging, commissioner, provider, person.
    """

    cumulative_net_cost: tuple[tuple[int, int, int], ...]
    peak_deficit: tuple[int, int, int]
    break_even_month: float
    payback_month: float
    bridged: float
    carried: Mapping[str, int]


@lru_cache(maxsize=64)
def likely_flows(scenario: Scenario) -> Flows:
    """Play a scenario with every belief at its likeliest."""
    return scenario.flows(scenario.likely)


@lru_cache(maxsize=256)
def bands(scenario: Scenario, draws: int, seed: int) -> Bands:
    """Play a scenario with many draws, and summarise them."""
    flows = scenario.flows(scenario.drawn(draws, seed))
    return Bands(
        _quantiles(flows.cumulative_net_cost),
        _quantiles(flows.peak_deficit[np.newaxis])[0],
        float((flows.break_even_month > 0).mean()),
        float((flows.payback_month > 0).mean()),
        float((flows.bridging_need <= scenario.terms.bridging).mean()),
        {name: round(float(each.sum(axis=0).mean())) for name, each in flows.carriers.items()},
    )


def _quantiles(values: NDArray[Any]) -> tuple[tuple[int, int, int], ...]:
    """Take quantiles over draws, for each month; values that were drawn, so whole pence."""
    places = [round(share * (values.shape[-1] - 1)) for share in QUANTILES]
    found = np.partition(values, places, axis=-1)[:, places]
    return tuple((int(a), int(b), int(c)) for a, b, c in found)


@dataclass(frozen=True)
class Sensitivity:
    """What one belief does to the deepest hole while the others stay at their likeliest.

    Attributes
    ----------
    low, high
        The hole, in pence, at the lowest and at the highest value.
    least, most
        The shallowest and the deepest hole anywhere between: steps make it go up and down.
    turns
        The values at which the hole outgrows the bridging money, or comes within it again.
    fits_low
        Whether bridging money is enough at the lowest value.
    """

    name: str
    low: int
    high: int
    least: int
    most: int
    turns: tuple[float, ...]
    fits_low: bool

    @property
    def swing(self) -> int:
        """How far it moves the hole, pence."""
        return self.most - self.least


@lru_cache(maxsize=64)
def sensitivities(scenario: Scenario) -> tuple[Sensitivity, ...]:
    """Rank the beliefs by how far each moves the deepest hole, the one that matters most first."""
    found = []
    for name, spread in vars(scenario.spreads).items():
        grid = np.linspace(spread.low, spread.high, _GRID)
        flows = scenario.flows(replace(scenario.likely, **{name: grid}))
        holes, fits = flows.peak_deficit, flows.bridging_need <= scenario.terms.bridging
        turns = tuple(float(grid[at + 1]) for at in np.flatnonzero(fits[1:] != fits[:-1]))
        ends = int(holes[0]), int(holes[-1]), int(holes.min()), int(holes.max())
        found.append(Sensitivity(name, *ends, turns, bool(fits[0])))
    return tuple(sorted(found, key=lambda effect: -effect.swing))


def outcome(scenario: Scenario, draws: int, seed: int) -> dict[str, Any]:
    """Give the figures of a scenario that are compared: pence, months, and chances.

    `balances` and `repaid` are months with every belief at its likeliest, 0 where there is none.
    """
    flows, drawn = likely_flows(scenario), bands(scenario, draws, seed)
    low, middle, high = drawn.peak_deficit
    return {
        "deepest": int(flows.peak_deficit),
        "balances": int(flows.break_even_month),
        "repaid": int(flows.payback_month),
        "extra": int(flows.cumulative_net_cost[-1]),
        **{f"carried by {name}": amount for name, amount in flows.carried().items()},
        "deepest, 1 in 10 below": low,
        "deepest, half below": middle,
        "deepest, 9 in 10 below": high,
        "chance balances": drawn.break_even_month,
        "chance repaid": drawn.payback_month,
        "chance bridging is enough": drawn.bridged,
    }
