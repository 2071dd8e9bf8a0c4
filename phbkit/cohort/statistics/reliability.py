"""How far a score can be trusted: Cronbach's alpha with Feldt's interval, and the SEM.

Give the totals of whole cases. Items within one case are not independent, so alpha over single
items overstates how far another set of cases would rank the learners the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from typing import Any

import pandas as pd

SMALL_COHORT = 30
"""Under this many learners a figure gets its interval and no adjective. Our own choice."""
SATISFACTORY, UNSATISFACTORY = 0.75, 0.64
"""Moodle's targets for internal consistency: from the first up, and below the second, as given at
docs.moodle.org, "Quiz report statistics"."""


@dataclass(frozen=True)
class Reliability:
    """How far the parts of an assessment go together. Scores are in the points they came in.

    Attributes
    ----------
    learners, left_out
        Learners with every part, from whom all figures are; learners left out for a missing one.
    parts
        Parts, best whole cases.
    mean, sd
        Of the totals; the standard deviation has n - 1 below the line.
    alpha, alpha_low, alpha_high
        Cronbach's alpha and its 95 % interval, or NaN.
    sem
        Standard error of measurement, points, or NaN.
    reason
        Why a figure is missing; empty when none is.
    """

    learners: int
    left_out: int
    parts: int
    mean: float
    sd: float
    alpha: float = nan
    alpha_low: float = nan
    alpha_high: float = nan
    sem: float = nan
    reason: str = ""


def reliability(parts: Any) -> Reliability:
    """Work out Cronbach's alpha, its interval and the standard error of measurement.

    Parameters
    ----------
    parts
        Array-like of shape (learners, parts), points: best one column a case, holding its total.
        NaN or None where a learner has none; that learner is then left out and counted in
        `left_out`. To count a missing part as nothing, give 0.

    Notes
    -----
    alpha = k / (k - 1) (1 - sum of the parts' variances / variance of the totals), as usually given
    after Cronbach 1951; for parts of 0 and 1 it is KR-20. SEM = SD sqrt(1 - alpha), as usually
    given; it is left out where alpha is below 0.
    """
    table = pd.DataFrame(parts, dtype=float)
    whole = table.dropna()
    learners, k = whole.shape
    totals = whole.sum(axis=1)
    mean, sd = float(totals.mean()), float(totals.std())
    reason = ""
    if k < 2:
        reason = f"it takes two parts, and there are {k}."
    elif learners < 2:
        reason = f"it takes two learners with every part, and there are {learners}."
    elif sd <= 1e-12 * whole.abs().sum(axis=1).max():
        sd, reason = 0.0, "all learners have the same total."
    if reason:
        return Reliability(learners, len(table) - learners, k, mean, sd, reason=reason)
    alpha = k / (k - 1) * (1 - float(whole.var().sum()) / sd**2)
    alpha = 0.0 if abs(alpha) < 1e-12 else min(alpha, 1.0)  # as rounding may leave a touch more
    interval = feldt(alpha, learners, k)
    sem = sd * sqrt(1 - alpha) if alpha >= 0 else nan
    reason = "" if alpha >= 0 else "alpha is below 0, so there is no standard error of measurement."
    return Reliability(learners, len(table) - learners, k, mean, sd, alpha, *interval, sem, reason)


def feldt(alpha: float, learners: int, parts: int, level: float = 0.95) -> tuple[float, float]:
    """Give the interval of an alpha, at most 1, from at least two learners and two parts.

    Notes
    -----
    1 - (1 - alpha) F(q; n - 1, (n - 1)(k - 1)) with q the upper, then the lower quantile: Feldt
    1965, as given by Feldt, Woodruff and Salih 1987, formulas 6 and 7, in the manual of R's cocron.
    """
    from scipy.stats import f

    tail, freedom = (1 - level) / 2, (learners - 1, (learners - 1) * (parts - 1))
    low, high = (1 - (1 - alpha) * float(f.ppf(q, *freedom)) for q in (1 - tail, tail))
    return low, high
