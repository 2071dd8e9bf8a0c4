"""How far two blind markers agree on the same texts, and which texts they should look at together.

Shown are quadratic weighted kappa, which falls when one marker is more lenient, and Pearson's r,
which does not: a gap between the two is leniency. ICC(2,1) is left out, as it is nearly this kappa.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phbkit.cohort.statistics.arrays import Floats, bootstrap, numbers, ratio

FEWEST_TEXTS = 5
"""Fewest texts a kappa or a correlation is given for. Our own choice."""
APART = 0.25
"""Share of the most a text can get that sends it back to both markers. Our own choice."""


@dataclass(frozen=True)
class MarkerAgreement:
    """What two markers' marks of the same texts come to.

    Attributes
    ----------
    texts, left_out
        Texts both marked, from which all figures are, and texts one or both did not mark.
    equal
        Share of texts with the same mark from both, 0 to 1.
    mean_difference
        Second marker less first, points: above 0 the second is more lenient.
    kappa, kappa_low, kappa_high
        Quadratic weighted kappa, 1 at most, and its 95 % interval.
    pearson
        Pearson's correlation, -1 to 1.
    reason
        Why a figure is missing; else empty.
    """

    texts: int
    left_out: int
    equal: float = nan
    mean_difference: float = nan
    kappa: float = nan
    kappa_low: float = nan
    kappa_high: float = nan
    pearson: float = nan
    reason: str = ""


def compare_markers(
    first: Any, second: Any, most: float, *, seed: int = 0, resamples: int = 1000
) -> MarkerAgreement:
    """Compare two blind markers' marks against one rubric.

    Parameters
    ----------
    first, second
        Array-like of shape (texts,), points from 0; NaN or None where not marked. A text that one
        of them did not mark is left out.
    most
        The most a text can get, points.
    seed, resamples
        Of the bootstrap over texts that gives kappa's interval.

    Raises
    ------
    StatisticsError
        A mark is no number from 0 to `most`.

    Notes
    -----
    Kappa = 1 - sum of weighted observed over sum of weighted expected disagreement, weights the
    squared difference of marks (R's measures, WKAPPA; after Cohen 1968), over all marks as they
    are, so that half marks need no categories. Our own choices: no kappa and no correlation under
    five texts; no interval where over 1 % of the bootstrap samples have no spread.
    """
    a, b = (numbers(marks, "mark", 1, 0, most) for marks in (first, second))
    both = ~(np.isnan(a) | np.isnan(b))
    left_out = int(a.size - both.sum())
    a, b = a[both], b[both]
    order = np.lexsort((b, a))  # so that the order of texts moves no draw
    a, b = a[order], b[order]
    if not a.size:
        return MarkerAgreement(0, left_out, reason="No text has a mark from both.")
    counts = (a.size, left_out, float((a == b).mean()), float((b - a).mean()))
    if a.size < FEWEST_TEXTS:
        reason = f"It takes {FEWEST_TEXTS} texts with both marks; here are {a.size}."
        return MarkerAgreement(*counts, reason=reason)
    if np.ptp(np.concatenate([a, b])) == 0:
        reason = "Every mark is the same, so agreement beyond chance has no meaning."
        return MarkerAgreement(*counts, reason=reason)
    varies = np.ptp(a) > 0 and np.ptp(b) > 0
    pearson = float(np.corrcoef(a, b)[0, 1]) if varies else nan
    reason = "" if varies else "One marker gave every text the same mark: no correlation."
    _, low, high = bootstrap(lambda rows: _kappa(a[rows], b[rows]), a.size, resamples, seed)
    if isnan(low):
        reason = f"{reason} Too little spread in the marks for an interval.".strip()
    return MarkerAgreement(*counts, float(_kappa(a, b)), low, high, pearson, reason)


def look_together(first: Any, second: Any, most: float) -> NDArray[np.int_]:
    """Give the places of the texts the two should look at together, furthest apart first.

    Parameters
    ----------
    first, second, most
        As for `compare_markers`. A text that one of them did not mark is never listed.

    Raises
    ------
    StatisticsError
        As for `compare_markers`.
    """
    a, b = (numbers(marks, "mark", 1, 0, most) for marks in (first, second))
    difference = np.abs(a - b)
    places = np.flatnonzero(difference >= APART * most - 1e-9)
    return places[np.argsort(-difference[places], kind="stable")]


def _kappa(a: Floats, b: Floats) -> Floats:
    """Weigh along the last axis; NaN where all marks are the same."""
    leniency = (a.mean(axis=-1) - b.mean(axis=-1)) ** 2
    expected = a.var(axis=-1) + b.var(axis=-1) + leniency
    same = np.maximum(a.max(axis=-1), b.max(axis=-1)) == np.minimum(a.min(axis=-1), b.min(axis=-1))
    return 1 - ratio(((a - b) ** 2).mean(axis=-1), np.where(same, 0.0, expected))
