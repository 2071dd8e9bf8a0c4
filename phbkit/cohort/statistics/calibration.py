"""How sure learners were and how often they were right: for them to see, never for pass or fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phbkit.cohort.statistics.validation import ReadOnly, StatisticsError, numbers, ratio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEVELS = (1, 2, 3)
STATED = (0.5, 0.73, 0.9)
"""What each level is taken to claim: about the middle of what Moodle prints beside it, "less than
67 %", "more than 67 %" and "more than 80 %". Our own choice."""


@dataclass(frozen=True, eq=False)
class Calibration(ReadOnly):
    """Sureness against being right: arrays of shape (3,), one entry a level, read only.

    Attributes
    ----------
    answers, right
        Answers given at the level, and how many of them were right.
    share, low, high
        Share right, 0 to 1, and its Wilson interval; NaN where there are no answers.
    stated
        What the level is taken to claim, 0 to 1.
    brier
        Mean squared distance between claim and outcome, 0 best and 1 worst; NaN without answers.
    left_out
        Answers that lack the level, or whether they were right.
    """

    answers: NDArray[np.int_]
    right: NDArray[np.int_]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    stated: NDArray[np.float64]
    brier: float
    left_out: int


def calibration(
    certainty: Any, right: Any, stated: tuple[float, float, float] = STATED, level: float = 0.95
) -> Calibration:
    """Set how sure learners were against how often they were right.

    Parameters
    ----------
    certainty
        Array-like of shape (learners, items): 1, 2 or 3, NaN or None where not given.
    right
        Array-like of the same shape: 1 or True for right, 0 or False for wrong, NaN or None where
        not answered. An entry missing in either is left out. For one learner give one row.
    stated
        What each level is taken to claim, 0 to 1.
    level
        Of the intervals, between 0 and 1.

    Raises
    ------
    StatisticsError
        The shapes differ, or an entry is none of these.

    Notes
    -----
    Brier score: mean of (stated - right) squared, as usually given. The intervals take answers as
    independent; over many learners they are too narrow, as one learner's answers go together.
    """
    import numpy as np

    axes = ("Learner", "item")
    sure, outcome = numbers(certainty, "level", axes, 1, 3), numbers(right, "outcome", axes, 0, 1)
    claim = numbers(stated, "probability", ("Level",), 0.0, 1.0)
    if sure.shape != outcome.shape or claim.shape != (len(LEVELS),) or np.isnan(claim).any():
        raise StatisticsError(
            f"Levels {sure.shape}, outcomes {outcome.shape}, {claim.size} stated probabilities: "
            "give levels and outcomes of one shape, and three probabilities."
        )
    both = ~(np.isnan(sure) | np.isnan(outcome))
    sure, outcome = sure[both], outcome[both]
    if (sure % 1).any() or (outcome % 1).any():
        raise StatisticsError("A level is 1, 2 or 3, and an answer is right, 1, or wrong, 0.")
    place = sure.astype(int) - 1
    answers = np.bincount(place, minlength=3)
    hits = np.bincount(place[outcome == 1], minlength=3)
    low, high = wilson(hits, answers, level)
    squares = hits * (1 - claim) ** 2 + (answers - hits) * claim**2
    return Calibration(
        answers=answers,
        right=hits,
        share=ratio(hits, answers),
        low=low,
        high=high,
        stated=claim.copy(),
        brier=ratio(squares.sum(), answers.sum()).item(),
        left_out=int((~both).sum()),
    )


def wilson(
    hits: Any, trials: Any, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give Wilson's interval of a share.

    Parameters
    ----------
    hits, trials
        Array-like of shape (shares,): how many of how many; no trials give NaN.
    level
        Of the interval, between 0 and 1.

    Raises
    ------
    StatisticsError
        More hits than trials, a number below 0 or missing, or the level is out of range.

    Notes
    -----
    Wilson 1927, as usually given, without continuity correction.
    """
    import numpy as np
    from scipy.stats import norm

    k = numbers(hits, "count", ("Share",), 0.0)
    n = numbers(trials, "count", ("Share",), 0.0)
    if k.shape != n.shape or not (k <= n).all() or not 0 < level < 1:
        raise StatisticsError(
            "Each share takes hits of at least as many trials, and 0 < level < 1."
        )
    square = norm.isf((1 - level) / 2) ** 2
    middle = ratio(k + square / 2, np.where(n > 0, n + square, 0.0))
    spread = np.sqrt(square * (ratio(k * (n - k), n) + square / 4))
    half = ratio(spread, np.where(n > 0, n + square, 0.0))
    # Exact at the ends, where rounding would leave 1e-17 of a share nobody reached.
    low = np.where((k == 0) & (n > 0), 0.0, middle - half)
    return low, np.where((k == n) & (n > 0), 1.0, middle + half)
