"""Where the pass mark lies: Angoff, borderline regression, and Hofstee as a check on either."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan, nan, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phbkit.cohort.statistics.arrays import Floats, StatisticsError, bootstrap, numbers, ratio

FEWEST_RATED = 5
"""Fewest learners a borderline regression is made of. Our own choice."""


@dataclass(frozen=True)
class Cut:
    """A pass mark with its error, in points.

    Attributes
    ----------
    used, left_out
        Judges (Angoff) or learners (borderline regression) it is from, and those left out.
    cut, se
        The pass mark and its standard error, or NaN.
    low, high
        95 % interval of the pass mark, or NaN.
    note
        Why a figure is missing, or what to know before using it; else empty.
    """

    used: int
    left_out: int
    cut: float = nan
    se: float = nan
    low: float = nan
    high: float = nan
    note: str = ""


@dataclass(frozen=True)
class BorderlineCut(Cut):
    """A pass mark from borderline regression, with the line it was read from.

    `intercept` and `slope` are points and points a step of the rating; `r_squared` is the share of
    the scores' variance that goes with the rating.
    """

    intercept: float = nan
    slope: float = nan
    r_squared: float = nan


@dataclass(frozen=True)
class Hofstee:
    """The compromise between what judges want and what scores there are.

    Attributes
    ----------
    judges, left_out
        Judges who gave all four, and those who did not.
    cut, fail_rate
        Where the fail curve meets the judges' line, points and 0 to 1, or NaN.
    cuts, fails
        Means of the judges' least and most acceptable pass mark, points, and share failing.
    note
        Why there is no pass mark; else empty.
    """

    judges: int
    left_out: int
    cut: float = nan
    fail_rate: float = nan
    cuts: tuple[float, float] = (nan, nan)
    fails: tuple[float, float] = (nan, nan)
    note: str = ""

    def accepts(self, cut: float, fail_rate: float) -> bool:
        """Say whether another method's pass mark and fail rate are such as the judges accept."""
        (least, most), (fewest, many) = self.cuts, self.fails
        return least <= cut <= most and fewest <= fail_rate <= many


def angoff(judgements: Any) -> Cut:
    """Set the pass mark as the mean over judges of the score each expects of a borderline learner.

    Parameters
    ----------
    judgements
        Array-like of shape (judges, items): the share of borderline learners who would get the item
        right, 0 to 1. NaN or None where a judge gave none; that judge is left out.

    Raises
    ------
    StatisticsError
        A judgement is no number from 0 to 1, or the shape is another.

    Notes
    -----
    Each judge's estimates are summed over items, and the sums averaged over judges: Shulruf et al.,
    BMC Med Educ 2016;16:134, on Angoff 1971; about 15 judges of mixed expertise were most precise
    there. SE = SD of the sums / sqrt(judges), and the interval is Student's, as usually given. It
    is the error of another such set of judges on the same items.
    """
    from scipy.stats import t

    table = numbers(judgements, "share", 2, 0, 1)
    whole = table[~np.isnan(table).any(axis=1)]
    counts = (len(whole), len(table) - len(whole))
    if not whole.size:
        return Cut(*counts, note="No judge has judged every item.")
    sums = whole.sum(axis=1)
    cut = float(sums.mean())
    if len(sums) == 1:
        return Cut(*counts, cut, note="From one judge: how far another would differ is not known.")
    se = float(sums.std(ddof=1)) / sqrt(len(sums))
    half = float(t.ppf(0.975, len(sums) - 1)) * se
    return Cut(*counts, cut, se, cut - half, cut + half)


def borderline_regression(
    scores: Any, ratings: Any, borderline: float, *, seed: int = 0, resamples: int = 2000
) -> BorderlineCut:
    """Set the pass mark as the score the regression on global ratings gives a borderline learner.

    Parameters
    ----------
    scores
        Array-like of shape (learners,), points.
    ratings
        Array-like of shape (learners,): the marker's global rating, a higher one better. A learner
        with NaN or None in either is left out.
    borderline
        The rating that means borderline.
    seed, resamples
        Of the bootstrap over learners; fewer are drawn for very many learners.

    Raises
    ------
    StatisticsError
        An entry is no finite number.

    Notes
    -----
    Least squares of score on rating, read at the borderline rating: as told by Hejri et al., J Res
    Med Sci 2013;18:887. SE is the SD over bootstrap samples of learners, the interval the middle
    95 % of them. Our own choices: no pass mark from fewer than five learners or from a line that
    does not rise; no error where over 1 % of the samples had one rating only.
    """
    y, x = numbers(scores, "score"), numbers(ratings, "rating")
    both = ~(np.isnan(x) | np.isnan(y))
    order = np.lexsort((y[both], x[both]))  # so that the order of learners moves no draw
    x, y = x[both][order], y[both][order]
    counts = (int(x.size), int(both.size - x.size))
    if x.size < FEWEST_RATED:
        note = f"It takes {FEWEST_RATED} learners with score and rating; here are {x.size}."
        return BorderlineCut(*counts, note=note)
    if np.ptp(x) == 0:
        return BorderlineCut(*counts, note="All learners have the same rating.")
    intercept, slope = (value.item() for value in _line(x, y))
    flat = np.ptp(y) <= 1e-12 * np.abs(y).max()
    r_squared = nan if flat else float(np.corrcoef(x, y)[0, 1] ** 2)
    line = BorderlineCut(*counts, intercept=intercept, slope=slope, r_squared=r_squared)
    if flat or slope <= 0:
        return replace(line, note="Scores do not rise with the ratings.")
    cut = intercept + slope * borderline

    def cuts(rows: NDArray[np.int_]) -> Floats:
        start, rise = _line(x[rows], y[rows])
        return start + rise * borderline

    se, low, high = bootstrap(cuts, x.size, resamples, seed)
    note = "" if x[0] <= borderline <= x[-1] else "Nobody was rated so low or high: it is a guess."
    if isnan(se):
        note = f"{note} Too few learners off the commonest rating for an error.".strip()
    return replace(line, cut=cut, se=se, low=low, high=high, note=note)


def hofstee(scores: Any, judgements: Any) -> Hofstee:
    """Find the pass mark where the share failing meets the line the judges' limits draw.

    Parameters
    ----------
    scores
        Array-like of shape (learners,), points; NaN or None for no score, which counts nowhere.
    judgements
        Array-like of shape (judges, 4): least and most acceptable pass mark, points; least and most
        acceptable share failing, 0 to 1. A judge with one missing is left out.

    Raises
    ------
    StatisticsError
        An entry is no finite number, a least is above its most, or the judges' means leave no line.

    Notes
    -----
    The line runs from (least mark, most failing) to (most mark, least failing), and a learner fails
    below the mark: as told at https://metricgate.com/docs/hofstee-standard-setting. Means over
    judges (or medians): F1000Research 2021;10:450. Our own choice: the highest mark at which the
    share failing is not above the line.
    """
    score, table = numbers(scores, "score"), numbers(judgements, "limit", 2)
    wrong = np.flatnonzero((table[:, 0] > table[:, 1]) | (table[:, 2] > table[:, 3]))
    if wrong.size:
        raise StatisticsError(f"Judge {wrong[0] + 1}: a least acceptable is above its most.")
    whole = table[~np.isnan(table).any(axis=1)]
    judges, left_out = len(whole), len(table) - len(whole)
    known = np.sort(score[~np.isnan(score)])
    if not judges or not known.size:
        note = "It takes a judge with all four limits and a learner with a score."
        return Hofstee(judges, left_out, note=note)
    a, b, c, d = whole.mean(axis=0).tolist()
    if a == b or c == d:
        raise StatisticsError("Least and most are the same in the mean; the judges leave no line.")

    def failing(cut: float) -> float:
        return float(np.searchsorted(known, cut, side="left") / known.size)

    note = ""
    if failing(a) > d:
        note = "More would fail at the least acceptable pass mark than the judges accept."
    elif failing(b) < c:
        note = "Fewer would fail at the most acceptable pass mark than the judges accept."
    if note:
        return Hofstee(judges, left_out, cuts=(a, b), fails=(c, d), note=note)
    share = np.arange(known.size) / known.size  # right for the first of equal scores, enough here
    on_line = b - (share - c) / (d - c) * (b - a)
    cut = float(np.clip(np.minimum(known, on_line).max(), a, b))
    return Hofstee(judges, left_out, cut, failing(cut), (a, b), (c, d))


def _line(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Fit least squares along the last axis: intercept and slope, NaN where x does not vary."""
    from_mean = x - x.mean(axis=-1, keepdims=True)
    square = np.where(np.ptp(x, axis=-1) > 0, (from_mean**2).sum(axis=-1), 0.0)
    slope = ratio((from_mean * y).sum(axis=-1), square)
    return y.mean(axis=-1) - slope * x.mean(axis=-1), slope
