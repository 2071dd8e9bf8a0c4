"""Concordance: four keys from a panel, scores by them, what the choice of panel and gaming do.

Judgements and answers are -2, -1, 0, 1, 2; the five options stand in that order, 0 the middle.
Credits are not rounded here; `credit.concordance` rounds the aggregate one to four places.
"""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np

from phbkit.casebank import SCALE
from phbkit.cohort.statistics.arrays import Floats, numbers, ratio
from phbkit.scoring.baselines import BASELINES, FEWEST_PANELLISTS

KEYS = ("aggregate", "modal", "three_point", "distance")
RESAMPLES = 1000


def chosen(judgements: Any) -> Floats:
    """Put a 1 at the option chosen, and nowhere for NaN or None: shape (people, items, 5).

    Parameters
    ----------
    judgements
        Array-like of shape (people, items).

    Raises
    ------
    StatisticsError
        An entry is none of the five, or the shape is another.
    """
    steps = numbers(judgements, "judgement", 2, SCALE[0], SCALE[-1])
    return np.equal(steps[:, :, np.newaxis], SCALE).astype(np.float64)


def keys(counts: Any) -> dict[str, Floats]:
    """Make the four keys of each item: the credit of each option, 0 to 1, shape (items, 5).

    The best option of an item earns 1 under each. `aggregate` is the panellists who chose the
    option over those who chose the commonest; `modal` 1 for the commonest option, each of them
    where several are, else 0; `three_point` the aggregate key of the panel with -2 taken as -1 and
    2 as 1; `distance` 1 less a quarter for each step from the commonest option, the nearest where
    several are.

    Parameters
    ----------
    counts
        Array-like of shape (items, 5): panellists who chose each option, somebody in each row.

    Notes
    -----
    Aggregate n / n of the mode, single best answer, and distance to mode 1 - |mode - i| / 4: BMC
    Surgery 2016;16, s12893-016-0173-y, table 2. Scoring without the steps of the scale: Bland et
    al., Acad Med 2005;80:395, abstract; the collapse is as usually given. Several modes: our own
    choice.
    """
    panel = numbers(counts, "count", 2, 0)
    mode = panel == panel.max(axis=1, keepdims=True)
    steps = np.abs(np.subtract.outer(SCALE, SCALE))
    nearest = np.where(mode[:, np.newaxis, :], steps, len(SCALE)).min(axis=2)
    three = np.stack([panel[:, :2].sum(axis=1), panel[:, 2], panel[:, 3:].sum(axis=1)], axis=1)
    return {
        "aggregate": panel / panel.max(axis=1, keepdims=True),
        "modal": mode.astype(np.float64),
        "three_point": (three / three.max(axis=1, keepdims=True))[:, [0, 0, 1, 2, 2]],
        "distance": 1 - nearest / (len(SCALE) - 1),
    }


def percent(answers: Any, key: Floats) -> Floats:
    """Score answers by a key, per cent of what could be earned, shape (learners,).

    Parameters
    ----------
    answers
        Array-like of shape (learners, items); NaN or None, not answered, earns nothing.
    key
        One of `keys`, shape (items, 5), or one for each learner, shape (learners, items, 5).
    """
    return ratio(100 * (chosen(answers) * key).sum(axis=(1, 2)), key.shape[-2])


def leave_one_out(judgements: Any) -> Floats:
    """Score each panellist by the aggregate key of the others, per cent, shape (panellists,).

    Parameters
    ----------
    judgements
        Array-like of shape (panellists, items), all given. A panellist alone has no score: NaN.
    """
    picks = chosen(judgements)
    others = picks.sum(axis=0) - picks
    return percent(judgements, ratio(others, others.max(axis=2, keepdims=True)))


def baselines(judgements: Any) -> dict[str, float]:
    """Work out what answerers who judge nothing would be expected to earn, per cent.

    Beside each of `BASELINES` stand mean and standard deviation of the panellists, each scored by
    the others' key, and the line two standard deviations below; NaN where there are too few.

    Parameters
    ----------
    judgements
        As for `leave_one_out`.

    Notes
    -----
    Always answering 0 earns more than guessing in published tests: Lubarsky et al. 2018, abstract,
    who would keep items with their mode there below a tenth. The line is our own choice.
    """
    credit = keys(chosen(judgements).sum(axis=0))["aggregate"]
    scores = leave_one_out(judgements)
    known = len(scores) >= FEWEST_PANELLISTS and len(credit) > 0
    mean, sd = (float(scores.mean()), float(scores.std(ddof=1))) if known else (nan, nan)
    earned = {name: credit[:, list(places)] for name, places in BASELINES.items()}
    expected = {name: float(ratio(100 * of.sum(), of.size)) for name, of in earned.items()}
    return expected | {"panel mean": mean, "panel sd": sd, "line": mean - 2 * sd}


def panel_error(judgements: Any, answers: Any, *, seed: int = 0) -> Floats:
    """Give the standard error that the choice of panellists leaves in each learner's score.

    Percentage points, shape (learners,); NaN with fewer than two panellists or no item to score.

    Parameters
    ----------
    judgements
        As for `leave_one_out`.
    answers
        As for `percent`.
    seed
        Of the bootstrap over panellists, of `RESAMPLES` samples.
    """
    panel, picked = np.asarray(judgements, dtype=float), chosen(answers)
    people, items = panel.shape
    if people < 2 or not items:
        return np.full(len(picked), nan)
    picks = chosen(panel[np.lexsort(panel.T)])  # so that their order moves no draw
    times = np.random.default_rng(seed).multinomial(people, [1 / people] * people, RESAMPLES)
    drawn = np.tensordot(times.astype(float), picks, axes=1)
    key = 100 * drawn / drawn.max(axis=2, keepdims=True) / items
    # A score is a sum of key entries, so its variance needs only how these vary together.
    together = np.cov(key.reshape(RESAMPLES, -1), rowvar=False)
    picked = picked.reshape(len(picked), len(together))
    error: Floats = np.sqrt(np.maximum(((picked @ together) * picked).sum(axis=1), 0.0))
    return error
