"""Whether a concordance form rewards somebody who judges nothing, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from statistics import mean, variance

from phbkit.casebank import SCALE

FEWEST_PANELLISTS = 3
"""Fewest panellists with a score that gaming is judged against. Our own choice."""
BASELINES: dict[str, Sequence[int]] = {
    "all middle": (2,),
    "never extreme": (1, 2, 3),
    "random": range(len(SCALE)),
}
"""By name, the places on the scale that somebody who judges nothing picks from by chance."""


@lru_cache(maxsize=256)
def rewarded(judgements: tuple[tuple[int, ...], ...]) -> tuple[str, ...] | None:
    """Name the baselines that earn more than the line, or return None where there is no line.

    The line is the mean of the panellists' scores less two standard deviations, each panellist
    scored by the others' aggregate key. It is our own choice.

    Parameters
    ----------
    judgements
        Shape (panellists, items): -2 to 2, all given.
    """
    if len(judgements) < FEWEST_PANELLISTS or not judgements[0]:
        return None
    counts = [[column.count(step) for step in SCALE] for column in zip(*judgements, strict=True)]
    scores = [mean(_scores_by_others(counts, row)) for row in judgements]
    centre, spread = mean(scores), variance(scores)
    above = []
    for name, places in BASELINES.items():
        gap = centre - mean(Fraction(item[p], max(item)) for item in counts for p in places)
        if gap < 0 or gap**2 < 4 * spread:
            above.append(name)
    return tuple(above)


def _scores_by_others(counts: Sequence[Sequence[int]], row: Sequence[int]) -> Iterator[Fraction]:
    """Score one panellist's judgements, item by item, by the key that the others make."""
    for item, judgement in zip(counts, row, strict=True):
        chosen = SCALE.index(judgement)
        others = [count - (place == chosen) for place, count in enumerate(item)]
        yield Fraction(others[chosen], max(others))
