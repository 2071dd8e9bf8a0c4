"""How sure a pass or a fail is: the chance that a learner's true score reaches the cut."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan, sqrt
from typing import TYPE_CHECKING, Any

from phbkit.cohort.statistics.reliability import SMALL_COHORT
from phbkit.cohort.statistics.validation import ReadOnly, StatisticsError, numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BORDERLINE = (0.05, 0.95)
"""Chances of passing between which a person should look again. Our own choice."""


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


def pass_chances(
    scores: Any, cut: float, alpha: float, mean: float | None = None, sd: float | None = None
) -> Decisions:
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
    mean, sd
        Of the cohort's scores, points; worked out from `scores` where not given. Give those of
        `reliability` to keep to the learners alpha is from.

    Raises
    ------
    StatisticsError
        A score, the cut, the mean or the spread is no finite number, alpha is above 1, or the
        spread is below 0.

    Notes
    -----
    True score = alpha x + (1 - alpha) mean; its standard error = SD sqrt(alpha (1 - alpha)), both
    as usually given after Kelley (R's psychometric calls the second SE.Est). The chance is that of
    a normal distribution so placed: an approximation that is poor near the ends of the scale.
    """
    import numpy as np
    from scipy.stats import norm

    score = numbers(scores, "score", ("Learner",))
    known = score[~np.isnan(score)]
    count = known.size
    middle = float(known.mean()) if mean is None and count else mean
    spread = float(known.std(ddof=1)) if sd is None and count > 1 else sd
    if not all(isfinite(value) for value in (cut, middle or 0.0, spread or 0.0)):
        raise StatisticsError("The cut, the mean and the standard deviation are finite numbers.")
    if alpha > 1 or (spread is not None and spread < 0):
        raise StatisticsError("Alpha is at most 1, and a standard deviation at least 0.")
    note = ""
    if middle is None or spread is None:
        note = "It takes two learners with a score, or a mean and a standard deviation."
    elif spread <= 1e-12 * max(abs(middle), 1e-300):
        note = "All learners have the same score."
    elif not alpha > 0:
        note = "The reliability cannot be told from 0, so scores say nothing of true scores."
    if note or middle is None or spread is None:
        return Decisions(np.full(score.shape, nan), np.full(score.shape, nan), nan, count, note)
    if count < SMALL_COHORT:
        note = f"From {count} learners: the reliability behind these chances is itself unsure."
    true = alpha * score + (1 - alpha) * middle
    se = spread * sqrt(alpha * (1 - alpha))
    chance = norm.sf((cut - true) / se) if se else np.where(np.isnan(true), nan, true >= cut)
    return Decisions(true, np.asarray(chance, dtype=float), se, count, note)


def borderline(
    chance: Any, low: float = BORDERLINE[0], high: float = BORDERLINE[1]
) -> NDArray[np.int_]:
    """Give the places of the learners whose chance of passing is from low to high.

    Parameters
    ----------
    chance
        Array-like of shape (learners,), 0 to 1; NaN, no score, is never listed.
    low, high
        The bounds, themselves included.

    Raises
    ------
    StatisticsError
        A chance or a bound is not between 0 and 1, or low is above high.
    """
    import numpy as np

    chances = numbers(chance, "chance", ("Learner",), 0.0, 1.0)
    if not 0 <= low <= high <= 1:
        raise StatisticsError(f"{low:g} to {high:g} is no range of chances: 0 <= low <= high <= 1.")
    return np.flatnonzero((chances >= low) & (chances <= high))
