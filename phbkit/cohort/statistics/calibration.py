"""How sure learners were and how often they were right: for them to see, never for pass or fail."""

from __future__ import annotations

from math import nan
from typing import Any

import pandas as pd

STATED = {1: 0.5, 2: 0.73, 3: 0.9}
"""What each level is taken to claim: about the middle of what Moodle prints beside it, "less than
67 %", "more than 67 %" and "more than 80 %". Our own choice."""


def calibration(confidence: Any, right: Any) -> pd.DataFrame:
    """Set how sure learners were against how often they were right, a row a level.

    Columns are the answers given at the level and how many of them were right; the share right and
    its Wilson interval, and what the level claims, all 0 to 1; and the Brier score over all levels,
    the mean squared distance between claim and outcome, 0 best and 1 worst. NaN without answers.

    Parameters
    ----------
    confidence
        Array-like of shape (answers,): 1, 2 or 3.
    right
        Array-like of the same shape: 1 or True for right, 0 or False for wrong.

    Notes
    -----
    Brier score: mean of (stated - right) squared, as usually given. Wilson 1927, without continuity
    correction, as SciPy has it. The intervals take answers as independent; over many learners they
    are too narrow, as one learner's answers go together.
    """
    from scipy.stats import binomtest

    answers = pd.DataFrame({"level": confidence, "right": right}).astype(float)
    outcomes = answers.groupby("level")["right"].agg(["size", "sum"])
    rows = []
    for level, stated in STATED.items():
        tried, hits = (int(n) for n in outcomes.reindex([level], fill_value=0).iloc[0])
        low, high = binomtest(hits, tried).proportion_ci(method="wilson") if tried else (nan, nan)
        share = hits / tried if tried else nan
        rows.append((level, tried, hits, share, low, high, stated))
    columns = ["level", "answers", "right", "share", "low", "high", "stated"]
    brier = ((answers["level"].map(STATED) - answers["right"]) ** 2).mean()
    return pd.DataFrame(rows, columns=columns).assign(brier=brier)
