"""How sure a pass or a fail is: the chance that a learner's true score reaches the cut."""

from __future__ import annotations

from math import isnan, nan, sqrt
from typing import Any

import numpy as np

from phbkit.cohort.statistics.arrays import Floats, numbers
from phbkit.cohort.statistics.reliability import SMALL_COHORT

BORDERLINE = (0.05, 0.95)
"""Chances of passing between which a person should look again, these included. Our own choice."""


def pass_chances(scores: Any, cut: float, alpha: float) -> tuple[Floats, Floats, str]:
    """Work out each learner's true score and chance of being at or above the cut.

    Parameters
    ----------
    scores
        Array-like of shape (learners,), points; NaN or None for no score, which stays NaN and
        counts neither in the mean nor in the spread.
    cut
        Points.
    alpha
        Reliability of the scores, above 0 and at most 1; NaN where none was estimated. Outside
        that all figures are NaN.

    Returns
    -------
    tuple
        True scores, drawn towards the mean by what is not reliable in the scores, points; chances
        that they are at or above the cut, 0 to 1; and why there are no figures, or a caution for a
        small cohort.

    Raises
    ------
    StatisticsError
        A score is no finite number.

    Notes
    -----
    True score = alpha x + (1 - alpha) mean; its standard error = SD sqrt(alpha (1 - alpha)), both
    as usually given after Kelley (R's psychometric calls the second SE.Est). The chance is that of
    a normal distribution so placed: an approximation that is poor near the ends of the scale.
    """
    from scipy.stats import norm

    score = numbers(scores, "score")
    known = score[~np.isnan(score)]
    count = known.size
    mean, sd = (float(known.mean()), float(known.std(ddof=1))) if count > 1 else (nan, nan)
    note = ""
    if count < 2:
        note = "It takes two learners with a score, or a mean and a standard deviation."
    elif sd <= 1e-12 * max(abs(mean), 1e-300):
        note = "All learners have the same score."
    elif isnan(alpha):
        note = "No reliability could be estimated, so there are no chances: the reason is above."
    elif not alpha > 0:
        note = "The reliability cannot be told from 0, so scores say nothing of true scores."
    if note:
        nothing = np.full(score.shape, nan)
        return nothing, nothing, note
    if count < SMALL_COHORT:
        note = f"From {count} learners: the reliability behind these chances is itself unsure."
    true = alpha * score + (1 - alpha) * mean
    se = sd * sqrt(alpha * (1 - alpha))
    chance = norm.sf((cut - true) / se) if se else np.where(np.isnan(true), nan, true >= cut)
    return true, np.asarray(chance, dtype=float), note
