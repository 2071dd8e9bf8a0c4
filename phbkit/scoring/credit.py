"""The credit of one answer, by format. Pure functions of a question and an answer.

Credits are exact decimals of four places between 0 and 1, so that sums are the same in whatever
order and program they are made.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from typing import Any

from phbkit.casebank.models import RankingVariant

ONE = Decimal("1.0000")
NONE = Decimal("0.0000")
PARTS = 10_000
"""How many parts a credit of one is counted in, where credits are whole numbers."""
_PLACES = Decimal("0.0001")


def percent(parts: Any, possible: int) -> Any:
    """Credits over what was possible, in hundredths of a per cent, half up.

    Parameters
    ----------
    parts
        Credits in ten-thousandths: a whole number, or an array or a column of them.
    possible
        The most there is, in whole credits.
    """
    # 100 per cent in hundredths are as many as the parts of a credit: 10,000.
    return (2 * parts + possible) // (2 * possible) if possible else 0 * parts


def single(chosen: str, key: Collection[str]) -> Decimal:
    """Single best answer: one when the chosen option is the key, else nothing."""
    return ONE if chosen in key else NONE


def multiple(chosen: Collection[str], key: Collection[str], options: int) -> Decimal:
    """Multiple response: share of the key chosen, less share of the rest chosen, never below 0.

    Ticking everything earns nothing, and so does ticking nothing.

    Parameters
    ----------
    chosen, key
        Option ids; `key` is some but not all of the options.
    options
        How many options the question has.
    """
    taken, right = set(chosen), set(key)
    hits, wrong, others = len(taken & right), len(taken - right), options - len(right)
    return max(NONE, _share(hits * others - wrong * len(right), len(right) * others))


def key_features(chosen: Collection[str], key: Collection[str], most: int) -> Decimal:
    """Key features: share of the key chosen; nothing at all once more than `most` are chosen.

    Parameters
    ----------
    chosen, key
        Option ids.
    most
        How many may be chosen, at least as many as the key has.

    Notes
    -----
    Key features and their scoring are those of Page and Bordage, Academic Medicine 1995;70:104.
    """
    if len(set(chosen)) > most:
        return NONE
    return _share(len(set(chosen) & set(key)), len(set(key)))


def ranking_points(
    order: Sequence[str], key: Sequence[str], variant: RankingVariant
) -> tuple[int, int]:
    """Ranking, as in situational judgement tests: points earned, and the most there are.

    With n options, each d places from its place in the key:

    foundation
        Each option earns n - 1 - d: n(n - 1) less the sum of d. Five options give 8 to 20.
    specialty
        floor(n²/2), the largest sum there is, less the sum of d. Five options give 0 to 12.

    Parameters
    ----------
    order, key
        The same option ids, the best first.

    Notes
    -----
    The first is how the UK Foundation Programme marked a ranking of five out of 20; the second
    how guides to selection for specialty training describe it, out of 12.
    """
    size = len(key)
    apart = sum(abs(place - key.index(option)) for place, option in enumerate(order))
    most = size * (size - 1) if variant == "foundation" else size * size // 2
    return most - apart, most


def ranking(order: Sequence[str], key: Sequence[str], variant: RankingVariant) -> Decimal:
    """Ranking: points over the most there are. Foundation's least is 0.4 with five options."""
    return _share(*ranking_points(order, key, variant))


def contested(counts: Sequence[int]) -> bool:
    """Say whether a panel has two peaks, so that no answer is the panel's.

    Two options that are not neighbours each hold at least a quarter of the panel, and some option
    between them holds fewer than half as many as the smaller of the two. The rule is our own
    choice: no source that was read gives one.

    Parameters
    ----------
    counts
        How many panellists chose each option, in the order of the scale.
    """
    places = range(len(counts))
    for left, right in combinations(places, 2):
        smaller = min(counts[left], counts[right])
        valley = min(counts[left + 1 : right], default=smaller)
        if smaller > 0 and 4 * smaller >= sum(counts) and 2 * valley < smaller:
            return True
    return False


def concordance(place: int, counts: Sequence[int]) -> Decimal:
    """Aggregate concordance: the option's panel count over the largest count.

    Parameters
    ----------
    place
        Index into `counts` of the option chosen, 0 to 4 for -2 to 2.
    counts
        How many panellists chose each option.

    Notes
    -----
    The aggregate method of script concordance testing, as in Gagnon et al., Medical Education
    2005;39:284.
    """
    return _share(counts[place], max(counts))


def _share(part: int, whole: int) -> Decimal:
    return (Decimal(part) / Decimal(whole)).quantize(_PLACES, ROUND_HALF_UP)
