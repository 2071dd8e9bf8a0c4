"""What is not known, as bands: draws from stated distributions, and which of them matters.

Each belief is triangular between the lowest and the highest thought possible, with its peak at the
likeliest; they are drawn independently. The same seed draws the same numbers, and one belief that
is changed leaves the draws of the others as they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phbkit.money.contract import Contract
from phbkit.money.roll_out import Flows, Parameters, Terms, UptakeCurve, roll_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

BELIEFS = ("uptake", "need", "price_rise", "drop_out")
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
        import numpy as np

        width, below = self.high - self.low, self.likely - self.low
        if width <= 0:
            return np.full_like(chance, self.likely)
        rising = self.low + np.sqrt(chance * width * below)
        falling = self.high - np.sqrt((1 - chance) * width * (self.high - self.likely))
        return np.where(chance < below / width, rising, falling)


Spreads = Mapping[str, Triangular]


def draw(spreads: Spreads, draws: int, seed: int) -> Parameters:
    """Draw beliefs: an array of draws for each."""
    import numpy as np

    chances = np.random.default_rng(seed).random((len(BELIEFS), draws))
    drawn = {name: spreads[name].at(chance) for name, chance in zip(BELIEFS, chances, strict=True)}
    return Parameters(**drawn)


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
    balances, repaid, bridged
        The share of draws in which the months balance by the end; in which the hole is filled by
        then; in which bridging money is never exceeded.
    carried
        The mean that each carries over the whole time: bridging, commissioner, provider, person.
    """

    draws: int
    cumulative_net_cost: tuple[tuple[int, int, int], ...]
    peak_deficit: tuple[int, int, int]
    break_even_month: float
    payback_month: float
    bridged: float
    carried: Mapping[str, int]


def summary_of(flows: Flows, bridging: int) -> Bands:
    """Summarise the flows of many draws."""
    import numpy as np

    so_far = _quantiles(flows.cumulative_net_cost)
    deepest = _quantiles(flows.peak_deficit[np.newaxis])[0]
    return Bands(
        flows.peak_deficit.size,
        so_far,
        deepest,
        float((flows.break_even_month > 0).mean()),
        float((flows.payback_month > 0).mean()),
        float((flows.bridging_need <= bridging).mean()),
        {name: round(float(each.sum(axis=0).mean())) for name, each in flows.carriers.items()},
    )


def _quantiles(values: NDArray[Any]) -> tuple[tuple[int, int, int], ...]:
    """Take quantiles over draws, for each month; values that were drawn, so whole pence."""
    import numpy as np

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
    spread: Triangular
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


def one_way_sensitivity(
    contract: Contract, terms: Terms, pace: UptakeCurve, spreads: Spreads
) -> Sequence[Sensitivity]:
    """Rank the beliefs by how far each moves the deepest hole, the one that matters most first."""
    import numpy as np

    found = []
    likely = {name: spreads[name].likely for name in BELIEFS}
    for name in BELIEFS:
        spread = spreads[name]
        grid = np.linspace(spread.low, spread.high, _GRID)
        beliefs = Parameters(**(likely | {name: grid}))
        flows = roll_out(contract, terms, pace, beliefs)
        holes, fits = flows.peak_deficit, flows.bridging_need <= terms.bridging
        turns = tuple(float(grid[at + 1]) for at in np.flatnonzero(fits[1:] != fits[:-1]))
        ends = int(holes[0]), int(holes[-1]), int(holes.min()), int(holes.max())
        found.append(Sensitivity(name, spread, *ends, turns, bool(fits[0])))
    return sorted(found, key=lambda effect: -effect.swing)
