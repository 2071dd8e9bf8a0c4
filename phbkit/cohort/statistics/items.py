"""How hard each item was, and whether those who did well elsewhere did well on it.

Under ten learners nothing is said about discrimination: a correlation from so few is noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

from phbkit.cohort.statistics.validation import ReadOnly, StatisticsError, numbers, ratio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEWEST_LEARNERS = 10
"""Fewest learners discrimination is given for. Our own choice."""
GROUP = 0.27
"""Share of the learners in the upper and in the lower group."""


@dataclass(frozen=True, eq=False)
class Items(ReadOnly):
    """What is known of each item: arrays of one length, one entry an item, read only.

    Attributes
    ----------
    answered
        Learners who answered it.
    facility
        Mean credit of those who answered it over the most it gives, 0 to 1.
    rest, rest_low, rest_high
        Correlation of the item with the rest of the form, -1 to 1, and its 95 % interval.
    upper_lower
        D, -1 to 1: facility in the upper group less facility in the lower.
    learners, group
        Learners who answered anything, and how many of them make up each group.
    reasons
        For each item why `rest` or `upper_lower` is NaN; empty when both are there.
    """

    answered: NDArray[np.int_]
    facility: NDArray[np.float64]
    rest: NDArray[np.float64]
    rest_low: NDArray[np.float64]
    rest_high: NDArray[np.float64]
    upper_lower: NDArray[np.float64]
    learners: int
    group: int
    reasons: tuple[str, ...]


def item_statistics(points: Any, most: Any = 1.0) -> Items:
    """Work out facility, corrected item-rest correlation and upper-lower difference of each item.

    Parameters
    ----------
    points
        Array-like of shape (learners, items), points; NaN or None where not answered. What was not
        answered counts in no figure of its item, and a learner's score on the rest is points over
        possible points among what was answered. To count it as wrong, give 0.
    most
        The most each item gives, points: one number or shape (items,).

    Raises
    ------
    StatisticsError
        A credit is no number from 0 to the most its item gives, or the shapes do not fit.

    Notes
    -----
    Facility is mean over maximum. The correlation is Pearson's, with the item taken out of the
    score it is set against, and Fisher's interval, as usually given. D is the difference between
    the upper and lower 27 % by total score, after Kelley 1939 as told in Rasch Measurement
    Transactions 1998;12:626 (https://www.rasch.org/rmt/rmt121r.htm). Our own choices: 27 % is
    rounded half up, and learners tied at the border of a group share its last places equally.
    """
    import numpy as np
    from scipy.stats import norm

    table = numbers(points, "credit", ("Learner", "item"), low=0.0)
    _, count = table.shape
    top = np.asarray(most, dtype=float)
    if top.shape not in {(), (count,)} or not (np.isfinite(top) & (top > 0)).all():
        raise StatisticsError(f"Give the most each item gives: one number above 0, or {count}.")
    top = np.broadcast_to(top, count)
    over = table > top * (1 + 1e-12)
    if over.any():
        learner, item = np.argwhere(over)[0].tolist()
        raise StatisticsError(
            f"Learner {learner + 1}, item {item + 1}: {table[learner, item]:g} is more than the "
            f"{top[item]:g} the item gives."
        )
    table = table[~np.isnan(table).all(axis=1)] if count else table[:0]
    given = ~np.isnan(table)
    earned = np.where(given, table, 0.0)
    answered = given.sum(axis=0)
    facility = ratio(earned.sum(axis=0), answered * top)
    left = np.where(given, top, 0.0)
    total, possible = earned.sum(axis=1), left.sum(axis=1)

    left = np.where(given, possible[:, np.newaxis] - left, 0.0)
    with_rest = left > 1e-12 * possible[:, np.newaxis]
    rest = np.divide(total[:, np.newaxis] - earned, left, out=left, where=with_rest)
    share = np.divide(earned, top, out=earned)
    r, reasons = _correlate(share, rest, with_rest)
    z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    half = norm.ppf(0.975) / np.sqrt(np.maximum(with_rest.sum(axis=0) - 3, 1))

    group, upper_lower = _upper_lower(share, given, ratio(total, possible))
    no_groups = "A group has nobody who answered it, or all totals are the same."
    reasons = [
        why or ("" if known else no_groups)
        for why, known in zip(reasons, ~np.isnan(upper_lower), strict=True)
    ]
    return Items(
        answered=answered,
        facility=facility,
        rest=r,
        rest_low=np.tanh(z - half),
        rest_high=np.tanh(z + half),
        upper_lower=np.where(with_rest.sum(axis=0) < FEWEST_LEARNERS, nan, upper_lower),
        learners=len(table),
        group=group,
        reasons=tuple(reasons),
    )


def _correlate(
    item: NDArray[np.float64], rest: NDArray[np.float64], both: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], list[str]]:
    """Correlate columns over the learners who have both, and say why where it cannot be done."""
    import numpy as np

    n = both.sum(axis=0)
    x, y = ((v - (v * both).sum(axis=0) / np.maximum(n, 1)) * both for v in (item, rest))
    # Shares lie between 0 and 1, so that what rounding leaves of no spread is far below this.
    xx, yy, xy = (np.einsum("ij,ij->j", *pair) for pair in ((x, x), (y, y), (x, y)))
    flat_x, flat_y = xx <= 1e-20 * np.maximum(n, 1), yy <= 1e-20 * np.maximum(n, 1)
    few = n < FEWEST_LEARNERS
    alone = (n == 0) & (len(both) >= FEWEST_LEARNERS)
    r = ratio(xy, np.where(few | flat_x | flat_y, 0.0, np.sqrt(xx * yy)))
    reasons = np.select(
        [alone, few, flat_x, flat_y],
        [
            "Nobody answered both this item and another.",
            f"Fewer than {FEWEST_LEARNERS} learners.",
            "All earned the same on it.",
            "All earned the same on the rest.",
        ],
        "",
    )
    return np.clip(r, -1.0, 1.0), reasons.tolist()


def _upper_lower(
    share: NDArray[np.float64], given: NDArray[np.bool_], total: NDArray[np.float64]
) -> tuple[int, NDArray[np.float64]]:
    """Give the size of a group and the difference between the groups' facilities."""
    import numpy as np

    total = np.round(total, 9)  # equal totals stay equal in whatever order they were added
    group = int(GROUP * len(total) + 0.5)
    if group == 0 or np.ptp(total) == 0:
        return group, np.full(share.shape[1], nan)

    def facility(total: NDArray[np.float64]) -> NDArray[np.float64]:
        border = np.sort(total)[-group]
        above, tied = total > border, total == border
        weight = above + tied * (group - above.sum()) / tied.sum()
        return ratio(weight @ share, weight @ given)

    return group, facility(total) - facility(-total)
