"""How far a team's ratings of 1 to 9 agree: the RAND/UCLA median and disagreement index.

What is rated are options and safeguards, never a person's wish.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from phbkit.meeting.subject import ThingKind

MEDIAN_NEEDS = 3
"""Fewest ratings a median is given for. Our own choice."""
INDEX_NEEDS = 5
"""Fewest ratings percentiles and the disagreement index are given for. Our own choice."""

METHOD = (
    "Median; 30th and 70th percentiles by linear interpolation; the team disagrees where these lie "
    "further apart than IPRAS, which is 2.35 plus 1.5 times the distance of their midpoint from 5; "
    "the classical definition stands beside it for 8 to 10, 11 to 13 and 14 to 16 ratings (Fitch "
    "et al. 2001, RAND MR-1269). "
    f"Our own choices: no median below {MEDIAN_NEEDS} ratings, no percentiles and no index below "
    f"{INDEX_NEEDS}, and a median between 3 and 4 or between 6 and 7 counts as unsure."
)


@dataclass(frozen=True)
class RoleRating:
    """One person's rating, 1 to 9, told by role; `rating` is None for “cannot say”."""

    role: str
    rating: int | None


@dataclass(frozen=True)
class RatedItem:
    """One option or safeguard as rated in one round, and what the ratings come to.

    Attributes
    ----------
    team, person
        The marks that the figures are of; those of the person and of whoever speaks for them, which
        are in no figure.
    median
        1 to 9; None below `MEDIAN_NEEDS` ratings.
    low, high
        30th and 70th percentile, 1 to 9; None below `INDEX_NEEDS` ratings, as are the next two.
    index
        Disagreement index: their distance, divided by the most that it may be without disagreement.
    disagreement
        Whether the index is above 1.
    verdict
        In plain words, what the team thinks.
    classical
        "agreement", "disagreement" or "neither" by counting, as the manual has it for 8 to 16
        ratings; empty for other numbers of ratings.
    """

    title: str
    kind: ThingKind
    round: int
    team: tuple[RoleRating, ...]
    person: tuple[RoleRating, ...]
    median: float | None = None
    low: float | None = None
    high: float | None = None
    index: float | None = None
    disagreement: bool | None = None
    verdict: str = ""
    classical: str = ""


def ratings_of(marks: Iterable[RoleRating]) -> list[int]:
    """List the ratings that were given, without those who could not say."""
    return [mark.rating for mark in marks if mark.rating]


def measured(item: RatedItem) -> RatedItem:
    """Work out median, percentiles and disagreement of an item.

    Figures are rounded to hundredths; whether the team disagrees is decided before that.

    Notes
    -----
    IPRAS = 2.35 + 1.5 |5 - (P30 + P70) / 2|: Fitch et al., The RAND/UCLA Appropriateness Method
    User's Manual, RAND MR-1269, 2001. (Table 1 of BMJ Open 2012;2:e001431 prints 2.5; its own
    result, 6.1, needs 2.35.) The classical numbers are those of table 7 of BMC Med Inform Decis Mak
    2012;12:93.

    A median between two bands (3.5, 6.5) counts as 4 to 6, "unsure". That is our own choice, and
    that of the European panels on gastrointestinal endoscopy, http://epage.ch/EPAGE_ADM. The
    classical definition comes out the same in either band, as half the panel is outside it.
    """
    ratings = ratings_of(item.team)
    count = len(ratings)
    if count < MEDIAN_NEEDS:
        few = f"Too few ratings for a median ({count}; it takes {MEDIAN_NEEDS})"
        return replace(item, verdict=few)
    median = float(statistics.median(ratings))
    if count < INDEX_NEEDS:
        few = f"Too few ratings to say whether the team agrees ({count}; it takes {INDEX_NEEDS})"
        return replace(item, median=median, verdict=few)
    tenths = statistics.quantiles(map(Fraction, ratings), n=10, method="inclusive")
    low, high = tenths[2], tenths[6]
    index = (high - low) / (Fraction("2.35") + Fraction("1.5") * abs(5 - (low + high) / 2))
    return replace(
        item,
        median=median,
        low=round(float(low), 2),
        high=round(float(high), 2),
        index=round(float(index), 2),
        disagreement=index > 1,
        verdict=_verdict(median, disagree=index > 1),
        classical=_classical(ratings, median),
    )


def _verdict(median: float, *, disagree: bool) -> str:
    if disagree:
        return "The team disagrees"
    if median >= 7:
        return "The team agrees: appropriate"
    return "The team agrees: not appropriate" if median <= 3 else "The team is unsure"


def _classical(ratings: Sequence[int], median: float) -> str:
    """Judge by counting: few outside the median's band agree, many in both ends disagree."""
    count = len(ratings)
    if not 8 <= count <= 16:
        return ""
    lows, highs = sum(each <= 3 for each in ratings), sum(each >= 7 for each in ratings)
    inside = lows if median <= 3 else highs if median >= 7 else count - lows - highs
    few = (count - 2) // 3  # 2 for a panel of 8 to 10, 3 for 11 to 13, 4 for 14 to 16
    if count - inside <= few:
        return "agreement"
    return "disagreement" if min(lows, highs) > few else "neither"
