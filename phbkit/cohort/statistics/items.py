"""How hard each item was, and whether those who did well elsewhere did well on it.

Under ten learners nothing is said about discrimination: a correlation from so few is noise.
"""

from __future__ import annotations

from math import isnan, nan
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phbkit.cohort.statistics.arrays import Floats, numbers, ratio

FEWEST_LEARNERS = 10
"""Fewest learners discrimination is given for. Our own choice."""
GROUP = 0.27
"""Share of the learners in the upper and in the lower group."""
_FLAT = 1e-20  # far above what rounding leaves of no spread between 0 and 1


def item_statistics(credit: Any) -> pd.DataFrame:
    """Work out facility, corrected item-rest correlation and upper-lower difference of each item.

    A row an item: `answered`, the learners who answered it; `facility`, their mean credit over the
    most it gives, 0 to 1; `rest`, its correlation with the rest of the form, -1 to 1, and its 95 %
    interval `rest_low` and `rest_high`; `upper_lower`, D, -1 to 1, facility in the upper group less
    facility in the lower; `learners`, who answered anything, and `group`, how many of them make up
    each group; `reasons`, why `rest` or `upper_lower` is NaN, empty when both are there.

    Parameters
    ----------
    credit
        Array-like of shape (learners, items), 0 to 1; NaN or None where not answered. What was not
        answered counts in no figure of its item, and a learner's score on the rest is the mean
        credit among what was answered. To count it as wrong, give 0.

    Raises
    ------
    StatisticsError
        A credit is no number from 0 to 1.

    Notes
    -----
    Facility is mean over maximum. The correlation is Pearson's, with the item taken out of the
    score it is set against, and Fisher's interval, as SciPy has them. D is the difference between
    the upper and lower 27 % by total score, after Kelley 1939 as told in Rasch Measurement
    Transactions 1998;12:626 (https://www.rasch.org/rmt/rmt121r.htm). Our own choices: 27 % is
    rounded half up, and learners tied at the border of a group share its last places equally.
    """
    table = numbers(credit, "credit", 2, 0, 1)
    table = table[~np.isnan(table).all(axis=1)] if table.shape[1] else table[:0]
    given = ~np.isnan(table)
    earned = np.where(given, table, 0.0)
    total, answered = earned.sum(axis=1), given.sum(axis=1)
    group, upper_lower = _upper_lower(earned, given, ratio(total, answered))
    rows = []
    for item, difference in enumerate(upper_lower):
        both = given[:, item] & (answered > 1)
        rest = (total - earned[:, item])[both] / (answered[both] - 1)
        correlation, reason = _correlate(earned[both, item], rest, len(table))
        if not reason and isnan(difference):
            reason = "A group has nobody who answered it, or all totals are the same."
        rows.append((*correlation, nan if len(rest) < FEWEST_LEARNERS else difference, reason))
    columns = ["rest", "rest_low", "rest_high", "upper_lower", "reasons"]
    answers = given.sum(axis=0)
    frame = pd.DataFrame(rows, columns=columns).assign(learners=len(table), group=group)
    return frame.assign(answered=answers, facility=ratio(earned.sum(axis=0), answers))


def _correlate(item: Floats, rest: Floats, learners: int) -> tuple[tuple[float, float, float], str]:
    """Correlate an item with the rest: r and its interval, and why where it cannot be done."""
    from scipy.stats import pearsonr

    reason = ""
    if not item.size and learners >= FEWEST_LEARNERS:
        reason = "Nobody answered both this item and another."
    elif item.size < FEWEST_LEARNERS:
        reason = f"Fewer than {FEWEST_LEARNERS} learners."
    elif item.var() <= _FLAT:
        reason = "All earned the same on it."
    elif rest.var() <= _FLAT:
        reason = "All earned the same on the rest."
    if reason:
        return (nan, nan, nan), reason
    result = pearsonr(item, rest)
    return (result.statistic, *result.confidence_interval()), ""


def _upper_lower(credit: Floats, given: NDArray[np.bool_], total: Floats) -> tuple[int, Floats]:
    """Give the size of a group and the difference between the groups' facilities."""
    total = np.round(total, 9)  # equal totals stay equal in whatever order they were added
    group = int(GROUP * len(total) + 0.5)
    if group == 0 or np.ptp(total) == 0:
        return group, np.full(credit.shape[1], nan)

    def facility(total: Floats) -> Floats:
        border = np.sort(total)[-group]
        above, tied = total > border, total == border
        weight = above + tied * (group - above.sum()) / tied.sum()
        return ratio(weight @ credit, weight @ given)

    return group, facility(total) - facility(-total)
