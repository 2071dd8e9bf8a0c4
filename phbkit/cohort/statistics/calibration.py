"""How sure learners were and how often they were right: for them to see, never for pass or fail."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phbkit.cohort.statistics.validation import ReadOnly, StatisticsError, numbers, ratio

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


def calibration(confidence: Any, right: Any) -> Calibration:
    """Set how sure learners were against how often they were right.

    Parameters
    ----------
    confidence
        Array-like of shape (learners, items): 1, 2 or 3, NaN or None where not given.
    right
        Array-like of the same shape: 1 or True for right, 0 or False for wrong, NaN or None where
        not answered. An entry missing in either is left out. For one learner give one row.

    Raises
    ------
    StatisticsError
        The shapes differ, or an entry is none of these.

    Notes
    -----
    Brier score: mean of (stated - right) squared, as usually given. The intervals take answers as
    independent; over many learners they are too narrow, as one learner's answers go together.
    """
    axes = ("Learner", "item")
    level, outcome = numbers(confidence, "level", axes, 1, 3), numbers(right, "outcome", axes, 0, 1)
    if level.shape != outcome.shape:
        raise StatisticsError(
            f"Levels {level.shape}, outcomes {outcome.shape}: give both of one shape."
        )
    both = ~(np.isnan(level) | np.isnan(outcome))
    level, outcome = level[both], outcome[both]
    if (level % 1).any() or (outcome % 1).any():
        raise StatisticsError("A level is 1, 2 or 3, and an answer is right, 1, or wrong, 0.")
    place = level.astype(int) - 1
    answers = np.bincount(place, minlength=3)
    hits = np.bincount(place[outcome == 1], minlength=3)
    low, high = wilson(hits, answers)
    stated = np.array(STATED)
    squares = hits * (1 - stated) ** 2 + (answers - hits) * stated**2
    return Calibration(
        answers=answers,
        right=hits,
        share=ratio(hits, answers),
        low=low,
        high=high,
        stated=stated,
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
    Wilson 1927, without continuity correction, as SciPy has it.
    """
    from scipy.stats import binomtest

    k = numbers(hits, "count", ("Share",), 0.0)
    n = numbers(trials, "count", ("Share",), 0.0)
    if k.shape != n.shape or not (k <= n).all() or not 0 < level < 1:
        raise StatisticsError(
            "Each share takes hits of at least as many trials, and 0 < level < 1."
        )
    intervals = [
        binomtest(int(hit), int(tried)).proportion_ci(level, "wilson") if tried else (nan, nan)
        for hit, tried in zip(k, n, strict=True)
    ]
    low, high = np.array(intervals, dtype=float).reshape(-1, 2).T
    return low, high
