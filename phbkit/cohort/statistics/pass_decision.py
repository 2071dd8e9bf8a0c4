"""How sure a pass or a fail is: the chance that a learner's true score reaches the cut."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phbkit.cohort.statistics.reliability import SMALL_COHORT
from phbkit.cohort.statistics.validation import ReadOnly, StatisticsError, numbers

BORDERLINE = (0.05, 0.95)
"""Chances of passing between which a person should look again, these included. Our own choice."""


@dataclass(frozen=True, eq=False)
class Decisions(ReadOnly):
    """What is known of each learner's true score: arrays of shape (learners,), read only.

    Attributes
    ----------
    true_score
        The score drawn towards the mean by what is not reliable in it, points; NaN for no score.
    chance
        Probability that the true score is at or above the cut, 0 to 1; NaN for no score.
    se
        Standard error of a true score, points.
    learners
        How many have a score.
    note
        Why there are no figures, or a caution for a small cohort; else empty.
    """

    true_score: NDArray[np.float64]
    chance: NDArray[np.float64]
    se: float
    learners: int
    note: str


def pass_chances(scores: Any, cut: float, alpha: float) -> Decisions:
    """Work out each learner's true score and chance of being at or above the cut.

    Parameters
    ----------
    scores
        Array-like of shape (learners,), points; NaN or None for no score, which stays NaN and
        counts neither in the mean nor in the spread.
    cut
        Points.
    alpha
        Reliability of the scores, above 0 and at most 1; outside that all figures are NaN.

    Raises
    ------
    StatisticsError
        A score or the cut is no finite number, or alpha is above 1.

    Notes
    -----
    True score = alpha x + (1 - alpha) mean; its standard error = SD sqrt(alpha (1 - alpha)), both
    as usually given after Kelley (R's psychometric calls the second SE.Est). The chance is that of
    a normal distribution so placed: an approximation that is poor near the ends of the scale.
    """
    from scipy.stats import norm

    score = numbers(scores, "score", ("Learner",))
    known = score[~np.isnan(score)]
    if not isfinite(cut) or alpha > 1:
        raise StatisticsError("The cut is a finite number, and alpha at most 1.")
    count = known.size
    mean, sd = (float(known.mean()), float(known.std(ddof=1))) if count > 1 else (nan, nan)
    note = ""
    if count < 2:
        note = "It takes two learners with a score, or a mean and a standard deviation."
    elif sd <= 1e-12 * max(abs(mean), 1e-300):
        note = "All learners have the same score."
    elif not alpha > 0:
        note = "The reliability cannot be told from 0, so scores say nothing of true scores."
    if note:
        nothing = np.full(score.shape, nan)
        return Decisions(nothing, nothing, nan, count, note)
    if count < SMALL_COHORT:
        note = f"From {count} learners: the reliability behind these chances is itself unsure."
    true = alpha * score + (1 - alpha) * mean
    se = sd * sqrt(alpha * (1 - alpha))
    chance = norm.sf((cut - true) / se) if se else np.where(np.isnan(true), nan, true >= cut)
    return Decisions(true, np.asarray(chance, dtype=float), se, count, note)


def borderline(chance: Any) -> NDArray[np.int_]:
    """Give the places of the learners whose chance of passing lies in `BORDERLINE`.

    Parameters
    ----------
    chance
        Array-like of shape (learners,), 0 to 1; NaN, no score, is never listed.

    Raises
    ------
    StatisticsError
        A chance is not between 0 and 1.
    """
    chances = numbers(chance, "chance", ("Learner",), 0.0, 1.0)
    return np.flatnonzero((chances >= BORDERLINE[0]) & (chances <= BORDERLINE[1]))
