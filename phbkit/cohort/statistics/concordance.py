"""Concordance keys from a panel: four side by side, contested items, and scores by them.

Judgements and answers are -2, -1, 0, 1, 2; the five options stand in that order, 0 the middle.
Credits are not rounded here; `credit.concordance` rounds the aggregate one to four places.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phbkit.cohort.statistics.validation import ReadOnly, StatisticsError, numbers, ratio
from phbkit.scoring import credit

OPTIONS = 5
KEYS = ("aggregate", "modal", "three_point", "distance")


@dataclass(frozen=True, eq=False)
class Keys(ReadOnly):
    """Credit of each option under four keys: arrays of shape (items, 5), 0 to 1, read only.

    The best option of an item earns 1 under each. A row is NaN where nobody judged the item.

    Attributes
    ----------
    aggregate
        Panellists who chose the option over those who chose the commonest.
    modal
        1 for the commonest option, each of them where several are, else 0.
    three_point
        The aggregate key of the panel with -2 taken as -1 and 2 as 1.
    distance
        1 less a quarter for each step from the commonest option, the nearest where several are.
    """

    aggregate: NDArray[np.float64]
    modal: NDArray[np.float64]
    three_point: NDArray[np.float64]
    distance: NDArray[np.float64]


def count(judgements: Any) -> NDArray[np.int_]:
    """Count who chose what: shape (items, 5).

    Parameters
    ----------
    judgements
        Array-like of shape (panellists, items), -2 to 2; NaN or None counts for no option.

    Raises
    ------
    StatisticsError
        An entry is none of these, or the shape is another.
    """
    counts: NDArray[np.int_] = chosen(steps_of(judgements, "Panellist")).sum(axis=0).astype(int)
    return counts


def keys(counts: Any) -> Keys:
    """Make the four keys of each item.

    Parameters
    ----------
    counts
        Array-like of shape (items, 5): panellists who chose each option.

    Raises
    ------
    StatisticsError
        A count is missing or no whole number from 0, or the shape is another.

    Notes
    -----
    Aggregate n / n of the mode, single best answer, and distance to mode 1 - |mode - i| / 4: BMC
    Surgery 2016;16, s12893-016-0173-y, table 2. Scoring without the steps of the scale: Bland et
    al., Acad Med 2005;80:395, abstract; the collapse is as usually given. Several modes: our own
    choice.
    """
    panel = _counts(counts)
    nobody = panel.sum(axis=1, keepdims=True) == 0
    mode = panel == panel.max(axis=1, keepdims=True)
    steps = np.abs(np.subtract.outer(np.arange(OPTIONS), np.arange(OPTIONS)))
    nearest = np.where(mode[:, np.newaxis, :], steps, OPTIONS).min(axis=2)
    three = np.stack([panel[:, :2].sum(axis=1), panel[:, 2], panel[:, 3:].sum(axis=1)], axis=1)
    return Keys(
        aggregate=ratio(panel, panel.max(axis=1, keepdims=True)),
        modal=np.where(nobody, nan, mode),
        three_point=ratio(three, three.max(axis=1, keepdims=True))[:, [0, 0, 1, 2, 2]],
        distance=np.where(nobody, nan, 1 - nearest / (OPTIONS - 1)),
    )


def contested(counts: Any) -> NDArray[np.bool_]:
    """Say which items split the panel in two: to be shown as contested and left unscored.

    Parameters
    ----------
    counts
        As for `keys`.

    Raises
    ------
    StatisticsError
        As for `keys`.

    Notes
    -----
    The rule is that of `credit.contested`.
    """
    return np.array([credit.contested(row) for row in _counts(counts).tolist()], dtype=bool)


def percent(answers: Any, key: Any, scored: Any = None) -> NDArray[np.float64]:
    """Score answers by a key, per cent of what could be earned.

    Parameters
    ----------
    answers
        Array-like of shape (learners, items), -2 to 2; NaN or None, not answered, earns nothing.
    key
        One of the arrays of `Keys`, shape (items, 5). Items with a NaN row are not scored.
    scored
        Array-like of shape (items,), True to score; every item where not given.

    Raises
    ------
    StatisticsError
        An answer is none of these, or the shapes do not fit.
    """
    steps, credit, weight = steps_of(answers, "Learner"), *credits_of(key, scored)
    same_items(steps, credit)
    return ratio(100 * earned(steps, credit) @ weight, weight.sum())


def same_items(steps: NDArray[np.float64], credit: NDArray[np.float64]) -> None:
    """Refuse answers that are not to the items of a key."""
    if steps.shape[1] != len(credit):
        raise StatisticsError(f"Answers to {steps.shape[1]} items, a key of {len(credit)}.")


def steps_of(values: Any, who: str) -> NDArray[np.float64]:
    """Take judgements or answers, -2 to 2, NaN for none: shape (people, items)."""
    steps = numbers(values, "judgement", (who, "item"), -2, 2)
    part = np.argwhere(~np.isnan(steps) & (steps != np.round(steps)))
    if part.size:
        row, item = part[0].tolist()
        raise StatisticsError(
            f"{who} {row + 1}, item {item + 1}: {steps[row, item]:g} is no judgement. "
            "It is -2, -1, 0, 1 or 2."
        )
    return steps


def chosen(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put a 1 at the option chosen: shape (people, items, 5)."""
    chosen: NDArray[np.bool_] = np.equal(steps[:, :, np.newaxis], np.arange(-2, 3))
    return chosen.astype(np.float64)


def _counts(counts: Any) -> NDArray[np.float64]:
    panel = numbers(counts, "count", ("Item", "option"), 0.0)
    if panel.shape[1] != OPTIONS or np.isnan(panel).any() or (panel != np.round(panel)).any():
        raise StatisticsError("Give counts of items by five options, each a whole number from 0.")
    return panel


def credits_of(key: Any, scored: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take a key, 0 where it is not known, and 1 for each item to score."""
    credit = numbers(key, "credit", ("Item", "option"), 0.0, 1.0)
    wanted = np.ones(len(credit)) if scored is None else np.asarray(scored)
    if credit.shape[1] != OPTIONS or wanted.shape != (len(credit),):
        raise StatisticsError(
            f"A key of shape {credit.shape}, `scored` of {wanted.shape}: give items by five "
            "options, and one True or False an item."
        )
    known = ~np.isnan(credit.sum(axis=1))
    return np.where(known[:, np.newaxis], credit, 0.0), np.where(known, wanted.astype(bool), 0.0)


def earned(steps: NDArray[np.float64], credit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Look up what each choice earns, 0 where there is none."""
    place = (np.nan_to_num(steps) + 2).astype(int)
    return np.where(np.isnan(steps), 0.0, credit[np.arange(len(credit)), place])
