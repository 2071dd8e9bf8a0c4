"""What a concordance form is worth: its panel scored by itself, what gaming earns, its error."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phbkit.cohort.statistics import concordance as sct
from phbkit.cohort.statistics.validation import ratio
from phbkit.scoring.baselines import FEWEST_PANELLISTS

RESAMPLES = 1000


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
    """

    all_middle: float
    never_extreme: float
    random: float
    panel_mean: float
    panel_sd: float
    line: float
    rewarded: tuple[str, ...] | None


def leave_one_out(judgements: Any, scored: Any = None) -> NDArray[np.float64]:
    """Score each panellist by the aggregate key of the others, per cent, shape (panellists,).

    Parameters
    ----------
    judgements
        As for `count`. Items a panellist, or everybody else, left out are left out of the score.
    scored
        As for `percent`.

    Raises
    ------
    StatisticsError
        As for `percent`.
    """
    steps = sct.steps_of(judgements, "Panellist")
    counts = sct.chosen(steps).sum(axis=0)
    # Of an item there are but five panels less one, by what the one who is left out chose.
    others = np.maximum(counts[:, np.newaxis] - np.eye(sct.OPTIONS), 0).reshape(-1, sct.OPTIONS)
    key = sct.keys(others).aggregate.reshape(-1, sct.OPTIONS, sct.OPTIONS)
    credit, weight = sct.credits_of(np.diagonal(key, axis1=1, axis2=2), scored)
    counted = ~np.isnan(steps) * weight
    return ratio(100 * (sct.earned(steps, credit) * counted).sum(axis=1), counted.sum(axis=1))


def baselines(judgements: Any, scored: Any = None) -> Baselines:
    """Work out what answerers who judge nothing would earn, and whether the form rewards them.

    Parameters
    ----------
    judgements, scored
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
    counts = sct.count(judgements)
    credit, weight = sct.credits_of(sct.keys(counts).aggregate, scored)
    scores = leave_one_out(judgements, scored)
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
    return Baselines(
        **earned,
        panel_mean=mean,
        panel_sd=sd,
        line=line,
        rewarded=None if isnan(line) else above,
    )


def panel_error(
    judgements: Any, answers: Any, scored: Any = None, *, seed: int = 0
) -> NDArray[np.float64]:
    """Give the standard error that the choice of panellists leaves in each learner's score.

    Percentage points, shape (learners,); NaN with fewer than two panellists or no item to score.

    Parameters
    ----------
    judgements, scored
        As for `leave_one_out`.
    answers
        As for `percent`.
    seed
        Of the bootstrap over panellists, of `RESAMPLES` samples. An item that nobody in a sample
        judged keeps the whole panel's key.

    Raises
    ------
    StatisticsError
        As for `percent`.
    """
    panel, steps = sct.steps_of(judgements, "Panellist"), sct.steps_of(answers, "Learner")
    whole, weight = sct.credits_of(sct.keys(sct.count(panel)).aggregate, scored)
    sct.same_items(steps, whole)
    size = len(panel)
    if size < 2 or not weight.any():
        return np.full(len(steps), nan)
    order = np.lexsort(np.nan_to_num(panel.T, nan=9.0))  # so that their order moves no draw
    times = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), RESAMPLES)
    drawn = (times.astype(float) @ sct.chosen(panel[order]).reshape(size, -1)).reshape(
        -1, sct.OPTIONS
    )
    key = sct.keys(drawn).aggregate.reshape(RESAMPLES, *whole.shape)
    key = np.where(np.isnan(key), whole, key) * (100 * weight[:, np.newaxis] / weight.sum())
    # A score is a sum of key entries, so its variance needs only how these vary together.
    together = np.cov(key.reshape(RESAMPLES, -1), rowvar=False)
    picked = sct.chosen(steps).reshape(len(steps), len(together))
    variance = ((picked @ together) * picked).sum(axis=1)
    error: NDArray[np.float64] = np.sqrt(np.maximum(variance, 0.0))
    return error


def _mean(share: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Mean over the items to score, per cent."""
    return float(ratio(100 * share @ weight, weight.sum()))
