"""Concordance keys from a panel: four side by side, contested items, and what gaming them earns.

Judgements and answers are -2, -1, 0, 1, 2; the five options stand in that order, 0 the middle.
Credits are not rounded here; `credit.concordance` rounds the aggregate one to four places.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import isnan, nan
from typing import TYPE_CHECKING, Any

from phbkit.assessing.reliability import ReadOnly, StatisticsError, numbers, ratio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONS = 5
KEYS = ("aggregate", "modal", "three_point", "distance")
FEWEST_PANELLISTS = 3
"""Fewest panellists with a score that gaming is judged against. Our own choice."""
RESAMPLES = 1000


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


@dataclass(frozen=True)
class Baselines:
    """What answerers who judge nothing would earn, per cent, beside the panel's own members.

    Attributes
    ----------
    all_middle, never_extreme, random
        Always 0; -1, 0 or 1 by chance; any of the five by chance: expected scores.
    panel_mean, panel_sd
        Of the panellists, each scored by the others' key; NaN where there are too few.
    line
        Panel mean less two standard deviations.
    rewarded
        The baselines above the line; a form that rewards one is for learning only. None where the
        line is not known.
    middle_modes
        Share of items whose commonest option, or one of them, is the middle, 0 to 1.
    """

    all_middle: float
    never_extreme: float
    random: float
    panel_mean: float
    panel_sd: float
    line: float
    rewarded: tuple[str, ...] | None
    middle_modes: float


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
    counts: NDArray[np.int_] = _chosen(_steps(judgements, "Panellist")).sum(axis=0).astype(int)
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
    import numpy as np

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
    Two options that are not neighbours each hold a quarter of the panel or more, and one between
    them holds fewer than half as many as the smaller of the two. Our own choice.
    """
    import numpy as np

    panel = _counts(counts)
    split = np.zeros(len(panel), dtype=bool)
    for low, high in combinations(range(OPTIONS), 2):
        if high - low > 1:
            smaller = np.minimum(panel[:, low], panel[:, high])
            valley = panel[:, low + 1 : high].min(axis=1)
            split |= (4 * smaller >= panel.sum(axis=1)) & (2 * valley < smaller)
    return split


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
    steps, credit, weight = _steps(answers, "Learner"), *_key(key, scored)
    _same_items(steps, credit)
    return ratio(100 * _earned(steps, credit) @ weight, weight.sum())


def leave_one_out(
    judgements: Any, key: str = "aggregate", scored: Any = None
) -> NDArray[np.float64]:
    """Score each panellist by the key of the others, per cent, shape (panellists,).

    Parameters
    ----------
    judgements
        As for `count`. Items a panellist, or everybody else, left out are left out of the score.
    key
        One of `KEYS`.
    scored
        As for `percent`.

    Raises
    ------
    StatisticsError
        As for `percent`, or there is no such key.
    """
    import numpy as np

    steps = _steps(judgements, "Panellist")
    counts = _chosen(steps).sum(axis=0)
    # Of an item there are but five panels less one, by what the one who is left out chose.
    others = np.maximum(counts[:, np.newaxis] - np.eye(OPTIONS), 0).reshape(-1, OPTIONS)
    made = _named(keys(others), key).reshape(-1, OPTIONS, OPTIONS)
    credit, weight = _key(np.diagonal(made, axis1=1, axis2=2), scored)
    counted = ~np.isnan(steps) * weight
    return ratio(100 * (_earned(steps, credit) * counted).sum(axis=1), counted.sum(axis=1))


def baselines(judgements: Any, key: str = "aggregate", scored: Any = None) -> Baselines:
    """Work out what answerers who judge nothing would earn, and whether the form rewards them.

    Parameters
    ----------
    judgements, key, scored
        As for `leave_one_out`.

    Raises
    ------
    StatisticsError
        As for `leave_one_out`.

    Notes
    -----
    Always answering 0 earns more than guessing in published tests: Lubarsky et al. 2018, abstract,
    who would keep items with their mode there below a tenth. The line is our own choice.
    """
    import numpy as np

    counts = count(judgements)
    credit, weight = _key(_named(keys(counts), key), scored)
    scores = leave_one_out(judgements, key, scored)
    scores = scores[~np.isnan(scores)]
    known = scores.size >= FEWEST_PANELLISTS
    mean = float(scores.mean()) if known else nan
    sd = float(scores.std(ddof=1)) if known else nan
    earned = {
        "all_middle": _mean(credit[:, 2], weight),
        "never_extreme": _mean(credit[:, 1:4].mean(axis=1), weight),
        "random": _mean(credit.mean(axis=1), weight),
    }
    line = mean - 2 * sd
    above = tuple(name for name, score in earned.items() if score > line)
    middle = counts[:, 2] == counts.max(axis=1, initial=0)
    return Baselines(
        **earned,
        panel_mean=mean,
        panel_sd=sd,
        line=line,
        rewarded=None if isnan(line) else above,
        middle_modes=_mean(middle, weight) / 100,
    )


def panel_error(
    judgements: Any,
    answers: Any,
    key: str = "aggregate",
    scored: Any = None,
    *,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Give the standard error that the choice of panellists leaves in each learner's score.

    Percentage points, shape (learners,); NaN with fewer than two panellists or no item to score.

    Parameters
    ----------
    judgements, key, scored
        As for `leave_one_out`.
    answers
        As for `percent`.
    seed
        Of the bootstrap over panellists, of `RESAMPLES` samples. An item that nobody in a sample
        judged keeps the whole panel's key.

    Raises
    ------
    StatisticsError
        As for `percent`, or there is no such key.
    """
    import numpy as np

    panel, steps = _steps(judgements, "Panellist"), _steps(answers, "Learner")
    whole, weight = _key(_named(keys(count(panel)), key), scored)
    _same_items(steps, whole)
    size = len(panel)
    if size < 2 or not weight.any():
        return np.full(len(steps), nan)
    order = np.lexsort(np.nan_to_num(panel.T, nan=9.0))  # so that their order moves no draw
    times = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), RESAMPLES)
    drawn = (times.astype(float) @ _chosen(panel[order]).reshape(size, -1)).reshape(-1, OPTIONS)
    made = _named(keys(drawn), key).reshape(RESAMPLES, *whole.shape)
    made = np.where(np.isnan(made), whole, made) * (100 * weight[:, np.newaxis] / weight.sum())
    moved = (made - made.mean(axis=0)).reshape(RESAMPLES, -1)
    # A score is a sum of key entries, so its variance needs only how these vary together.
    together = moved.T @ moved / (RESAMPLES - 1)
    rows = np.array_split(steps, max(1, len(steps) // 10_000))
    picked = (_chosen(part).reshape(len(part), len(together)) for part in rows)
    variance = np.concatenate([((part @ together) * part).sum(axis=1) for part in picked])
    error: NDArray[np.float64] = np.sqrt(np.maximum(variance, 0.0))
    return error


def _same_items(steps: NDArray[np.float64], credit: NDArray[np.float64]) -> None:
    if steps.shape[1] != len(credit):
        raise StatisticsError(f"Answers to {steps.shape[1]} items, a key of {len(credit)}.")


def _steps(values: Any, who: str) -> NDArray[np.float64]:
    import numpy as np

    steps = numbers(values, "judgement", (who, "item"), -2, 2)
    part = np.argwhere(~np.isnan(steps) & (steps != np.round(steps)))
    if part.size:
        row, item = part[0].tolist()
        raise StatisticsError(
            f"{who} {row + 1}, item {item + 1}: {steps[row, item]:g} is no judgement. "
            "It is -2, -1, 0, 1 or 2."
        )
    return steps


def _chosen(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put a 1 at the option chosen: shape (people, items, 5)."""
    import numpy as np

    chosen: NDArray[np.bool_] = np.equal(steps[:, :, np.newaxis], np.arange(-2, 3))
    return chosen.astype(np.float64)


def _counts(counts: Any) -> NDArray[np.float64]:
    import numpy as np

    panel = numbers(counts, "count", ("Item", "option"), 0.0)
    if panel.shape[1] != OPTIONS or np.isnan(panel).any() or (panel != np.round(panel)).any():
        raise StatisticsError("Give counts of items by five options, each a whole number from 0.")
    return panel


def _named(made: Keys, key: str) -> NDArray[np.float64]:
    if key not in KEYS:
        raise StatisticsError(f"There is no key {key!r}; there are {', '.join(KEYS)}.")
    array: NDArray[np.float64] = getattr(made, key)
    return array


def _key(key: Any, scored: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take a key, 0 where it is not known, and 1 for each item to score."""
    import numpy as np

    credit = numbers(key, "credit", ("Item", "option"), 0.0, 1.0)
    wanted = np.ones(len(credit)) if scored is None else np.asarray(scored)
    if credit.shape[1] != OPTIONS or wanted.shape != (len(credit),):
        raise StatisticsError(
            f"A key of shape {credit.shape}, `scored` of {wanted.shape}: give items by five "
            "options, and one True or False an item."
        )
    known = ~np.isnan(credit.sum(axis=1))
    return np.where(known[:, np.newaxis], credit, 0.0), np.where(known, wanted.astype(bool), 0.0)


def _earned(steps: NDArray[np.float64], credit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Look up what each choice earns, 0 where there is none."""
    import numpy as np

    place = (np.nan_to_num(steps) + 2).astype(int)
    return np.where(np.isnan(steps), 0.0, credit[np.arange(len(credit)), place])


def _mean(share: NDArray[Any], weight: NDArray[np.float64]) -> float:
    """Mean over the items to score, per cent."""
    return float(ratio(100 * share @ weight, weight.sum()))
