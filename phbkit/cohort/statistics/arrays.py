"""Numbers in arrays: taken and refused by place, divided where that is possible, drawn again."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phbkit.errors import PhbError

Floats = NDArray[np.float64]
_DRAWS_A_RUN = 20_000_000
_DRAWS_AT_ONCE = 2_000_000
_FEWEST_RESAMPLES = 200
_LOST = 0.01


class StatisticsError(PhbError):
    """Numbers from which a figure cannot be worked out. The message says which and why."""


def numbers(
    values: Any, what: str, dimensions: int = 1, low: float = -inf, high: float = inf
) -> Floats:
    """Take values as an array of floats, NaN for None, and refuse by place what is out of range.

    Parameters
    ----------
    values
        Array-like of so many dimensions.
    what
        What an entry is called.
    low, high
        The least and the most an entry may be.

    Raises
    ------
    StatisticsError
        The shape is another, or an entry is no finite number or out of range.
    """
    array = np.asarray(values, dtype=np.float64)
    wrong = ~np.isnan(array) & ~((array >= low) & (array <= high) & np.isfinite(array))
    if array.ndim != dimensions:
        raise StatisticsError(f"Give each {what} in an array of {dimensions} dimensions.")
    if wrong.any():
        place = np.argwhere(wrong)[0].tolist()
        where = ", ".join(str(n + 1) for n in place)
        raise StatisticsError(
            f"At {where}: {array[tuple(place)]:g} is no {what}, from {low:g} to {high:g}."
        )
    return array


def ratio(above: Any, below: Any) -> Floats:
    """Divide, giving NaN where there is nothing to divide by."""
    above, below = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    result: Floats = np.full(above.shape, nan)
    np.divide(above, below, out=result, where=below != 0)
    return result


def bootstrap(
    statistic: Callable[[NDArray[np.int_]], Floats], size: int, resamples: int, seed: int
) -> tuple[float, float, float]:
    """Give the standard error of a statistic and its 95 % percentile interval.

    All are NaN where over 1 % of the samples have none.

    Parameters
    ----------
    statistic
        From drawn places 0 to size - 1, shape (samples, size), one value a sample, or NaN.

    Notes
    -----
    Above twenty million places in all fewer samples are drawn, never under 200: our own choice.
    The error they estimate is then small. `scipy.stats.bootstrap` draws the same samples, but warns
    of every sample without a statistic and takes its seed under another name before SciPy 1.15.
    """
    chance = np.random.default_rng(seed)
    left = min(resamples, max(_FEWEST_RESAMPLES, _DRAWS_A_RUN // max(size, 1)))
    parts = []
    while left:
        now = min(left, max(1, _DRAWS_AT_ONCE // max(size, 1)))
        parts.append(statistic(chance.integers(size, size=(now, size))))
        left -= now
    drawn = np.concatenate(parts)
    if np.isnan(drawn).mean() > _LOST:
        return nan, nan, nan
    low, high = np.nanpercentile(drawn, [2.5, 97.5]).tolist()
    return float(np.nanstd(drawn, ddof=1)), low, high
