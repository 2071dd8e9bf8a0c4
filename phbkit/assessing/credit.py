"""The credit of one answer, by format. Pure functions of a question and an answer.

Credits are exact decimals of four places between 0 and 1, so that sums are the same in whatever
order and program they are made.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import ROUND_HALF_UP, Decimal

ONE = Decimal("1.0000")
NONE = Decimal("0.0000")
_PLACES = Decimal("0.0001")


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
    hits = len(set(chosen) & set(key))
    wrong = len(set(chosen) - set(key))
    others = options - len(set(key))
    share = Decimal(hits * others - wrong * len(set(key))) / Decimal(len(set(key)) * others)
    return max(NONE, share.quantize(_PLACES, ROUND_HALF_UP))


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
    return (Decimal(counts[place]) / Decimal(max(counts))).quantize(_PLACES, ROUND_HALF_UP)
