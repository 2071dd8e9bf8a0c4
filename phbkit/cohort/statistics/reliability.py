"""How far a score can be trusted: Cronbach's alpha with Feldt's interval, and the SEM.

Give the totals of whole cases. Items within one case are not independent, so alpha over single
items overstates how far another set of cases would rank the learners the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan, sqrt
from typing import Any

import numpy as np

from phbkit.cohort.statistics.validation import StatisticsError, numbers

SMALL_COHORT = 30
"""Under this many learners a figure gets its interval and no adjective. Our own choice."""
SATISFACTORY, UNSATISFACTORY = 0.75, 0.64
"""Moodle's targets for internal consistency: from the first up, and below the second."""


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
    alpha, low, high
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
    low: float = nan
    high: float = nan
    sem: float = nan
    reason: str = ""

    def words(self) -> str:
        """Say it in a sentence; an adjective only from `SMALL_COHORT` learners up."""
        if isnan(self.alpha):
            return f"No alpha: {self.reason}"
        words = (
            f"Alpha {self.alpha:.2f}, 95 % interval {self.low:.2f} to "
            f"{self.high:.2f}, from {self.learners} learners and {self.parts} parts."
        )
        if self.learners < SMALL_COHORT:
            return words
        if self.alpha >= SATISFACTORY:
            words += " Satisfactory by Moodle's targets."
        if self.alpha < UNSATISFACTORY:
            words += " Unsatisfactory by Moodle's targets."
        return words


def reliability(parts: Any) -> Reliability:
    """Work out Cronbach's alpha, its interval and the standard error of measurement.

    Parameters
    ----------
    parts
        Array-like of shape (learners, parts), points: best one column a case, holding its total.
        NaN or None where a learner has none; that learner is then left out and counted in
        `left_out`. To count a missing part as nothing, give 0.

    Raises
    ------
    StatisticsError
        An entry is no finite number, or the shape is another.

    Notes
    -----
    alpha = k / (k - 1) (1 - sum of the parts' variances / variance of the totals), as usually given
    after Cronbach 1951; for parts of 0 and 1 it is KR-20. SEM = SD sqrt(1 - alpha), as usually
    given; it is left out where alpha is below 0. The targets in `Reliability.words` are those of
    docs.moodle.org, "Quiz report statistics".
    """
    table = numbers(parts, "score", ("Learner", "part"))
    whole = table[~np.isnan(table).any(axis=1)]
    (learners, k), left_out = whole.shape, len(table) - len(whole)
    if learners < 2:
        spread = (float(whole.sum()) if learners else nan, nan)
        reason = f"it takes two learners with every part, and there are {learners}."
    else:
        totals = whole.sum(axis=1)
        size = np.abs(whole).sum(axis=1).max() if k else 0
        same = bool(np.ptp(totals) <= 1e-12 * size)
        spread = (float(totals.mean()), 0.0 if same else float(totals.std(ddof=1)))
        reason = "all learners have the same total." if same else ""
    if k < 2:
        reason = f"it takes two parts, and there are {k}."
    if reason:
        return Reliability(learners, left_out, k, *spread, reason=reason)
    alpha = k / (k - 1) * (1 - float(whole.var(axis=0, ddof=1).sum()) / spread[1] ** 2)
    alpha = 0.0 if abs(alpha) < 1e-12 else min(alpha, 1.0)  # as rounding may leave a touch more
    low, high = feldt(alpha, learners, k)
    sem = spread[1] * sqrt(1 - alpha) if alpha >= 0 else nan
    reason = "" if alpha >= 0 else "alpha is below 0, so there is no standard error of measurement."
    return Reliability(learners, left_out, k, *spread, alpha, low, high, sem, reason)


def feldt(alpha: float, learners: int, parts: int, level: float = 0.95) -> tuple[float, float]:
    """Give the interval of an alpha.

    Parameters
    ----------
    alpha
        At most 1.
    learners, parts
        At least two of each.
    level
        Between 0 and 1.

    Raises
    ------
    StatisticsError
        One of them is not as said.

    Notes
    -----
    1 - (1 - alpha) F(q; n - 1, (n - 1)(k - 1)) with q the upper, then the lower quantile: Feldt
    1965, as given by Feldt, Woodruff and Salih 1987, formulas 6 and 7, in the manual of R's cocron.
    """
    from scipy.stats import f

    if not (alpha <= 1 and learners > 1 and parts > 1 and 0 < level < 1):
        raise StatisticsError(
            f"No interval for alpha {alpha:g}, {learners} learners, {parts} parts at {level:g}. It "
            "takes an alpha of at most 1, two learners, two parts and a level between 0 and 1."
        )
    tail, freedom = (1 - level) / 2, (learners - 1, (learners - 1) * (parts - 1))
    low, high = (1 - (1 - alpha) * float(f.ppf(q, *freedom)) for q in (1 - tail, tail))
    return low, high
