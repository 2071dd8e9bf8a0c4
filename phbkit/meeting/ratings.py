"""How far a team's ratings of 1 to 9 agree: the RAND/UCLA median and disagreement index.

What is rated are options and safeguards, never a person's wish.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan, nan
from numbers import Rational, Real
from typing import TYPE_CHECKING, Any

from phbkit.errors import RatingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCALE = range(1, 10)
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


@dataclass(frozen=True, eq=False)
class Agreement:
    """What the ratings of each item come to: arrays of one length, one entry an item, read only.

    Attributes
    ----------
    count
        Ratings given.
    median
        1 to 9; NaN below `MEDIAN_NEEDS` ratings.
    low, high
        30th and 70th percentile, 1 to 9; NaN below `INDEX_NEEDS` ratings, as are the next three.
    ipr
        Interpercentile range, `high - low`, points of the scale.
    ipras
        Interpercentile range adjusted for symmetry, points of the scale: the most that `ipr` may
        be without disagreement.
    index
        Disagreement index, `ipr / ipras`; disagreement is above 1.
    disagreement
        True, False, or None below `INDEX_NEEDS` ratings.
    classical
        "agreement", "disagreement" or "neither" by counting, as the manual has it for 8 to 16
        ratings; "not defined" for other numbers of ratings.
    """

    count: NDArray[np.int_]
    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    ipr: NDArray[np.float64]
    ipras: NDArray[np.float64]
    index: NDArray[np.float64]
    disagreement: NDArray[np.object_]
    classical: NDArray[np.str_]

    def __post_init__(self) -> None:
        for array in vars(self).values():
            array.setflags(write=False)

    def verdicts(self) -> list[str]:
        """Say in plain words what the team thinks of each item."""
        rows = zip(
            self.count.tolist(), self.median.tolist(), self.disagreement.tolist(), strict=True
        )
        return [_verdict(count, median, apart) for count, median, apart in rows]


def agreement(ratings: Any) -> Agreement:
    """Work out median, percentiles and disagreement of each item.

    Parameters
    ----------
    ratings
        Array-like of shape (raters, items), or (raters,) for one item: whole numbers 1 to 9, NaN or
        None where somebody gave none.

    Raises
    ------
    RatingError
        An entry is something else, or the shape is.

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
    import numpy as np

    given = np.sort(_read(ratings), axis=0)  # NaN sorts last
    count = np.count_nonzero(~np.isnan(given), axis=0)

    def ranked(place: NDArray[np.int_]) -> NDArray[np.float64]:
        return given[np.maximum(place, 0), np.arange(given.shape[1])]

    def tenths(percentile: int) -> NDArray[np.float64]:
        place, share = np.divmod(percentile // 10 * (count - 1), 10)
        below, above = ranked(place), ranked(np.minimum(place + 1, count - 1))
        return np.where(count < INDEX_NEEDS, nan, 10 * below + share * (above - below))

    median = (ranked((count - 1) // 2) + ranked(count // 2)) / 2
    median = np.where(count < MEDIAN_NEEDS, nan, median)

    # Whole fortieths of a point, so that an IPR equal to IPRAS is never taken for more.
    low, high = tenths(30), tenths(70)
    ipr, ipras = 4 * (high - low), 94 + 3 * np.abs(100 - low - high)
    apart = (ipr > ipras).astype(object)
    apart[count < INDEX_NEEDS] = None

    return Agreement(
        count=count,
        median=median,
        low=low / 10,
        high=high / 10,
        ipr=ipr / 40,
        ipras=ipras / 40,
        index=ipr / ipras,
        disagreement=apart,
        classical=_classical(given, count, median),
    )


def _read(ratings: Any) -> NDArray[np.float64]:
    """Take ratings as a matrix of at least one row, NaN where there is none."""
    import numpy as np

    if isinstance(ratings, np.ndarray) and ratings.dtype.kind in "iuf":
        values = ratings.astype(np.float64)
    else:  # one by one, because numpy would take True for 1
        cells = np.asarray(ratings, dtype=object)
        values = np.fromiter(map(_number, cells.flat), np.float64, cells.size).reshape(cells.shape)
    if values.ndim not in {1, 2}:
        raise RatingError(
            f"Ratings are a table of raters down and items across, not of {values.ndim} dimensions."
        )
    wrong = np.argwhere(~(np.isnan(values) | np.isin(values, SCALE)))
    if wrong.size:
        rater, item = (*wrong[0].tolist(), 0)[:2]
        value = np.asarray(ratings, dtype=object)[tuple(wrong[0])]
        raise RatingError(
            f"Rater {rater + 1}, item {item + 1}: {value!r} is not a rating. "
            "A rating is a whole number from 1 to 9, or None where somebody gave none."
        )
    matrix = values[:, np.newaxis] if values.ndim == 1 else values
    return matrix if len(matrix) else np.full((1, matrix.shape[1]), nan)


def _number(value: object) -> float:
    """Give a rating as a number, NaN for none, infinity for what is no rating."""
    if value is None:
        return nan
    if not isinstance(value, Real) or isinstance(value, bool):
        return inf
    if value in SCALE:
        return float(value)
    return inf if isinstance(value, Rational) or not isnan(value) else nan


def _classical(
    given: NDArray[np.float64], count: NDArray[np.int_], median: NDArray[np.float64]
) -> NDArray[np.str_]:
    """Judge by counting: few outside the median's band agree, many in both ends disagree."""
    import numpy as np

    lows, highs = (given <= 3).sum(axis=0), (given >= 7).sum(axis=0)
    inside = np.select([median <= 3, median >= 7], [lows, highs], count - lows - highs)
    few = (count - 2) // 3  # 2 for a panel of 8 to 10, 3 for 11 to 13, 4 for 14 to 16
    return np.select(
        [(count < 8) | (count > 16), count - inside <= few, (lows > few) & (highs > few)],
        ["not defined", "agreement", "disagreement"],
        "neither",
    )


def _verdict(count: int, median: float, apart: bool | None) -> str:
    if count < MEDIAN_NEEDS:
        return f"Too few ratings for a median ({count}; it takes {MEDIAN_NEEDS})"
    if apart is None:
        return f"Too few ratings to say whether the team agrees ({count}; it takes {INDEX_NEEDS})"
    if apart:
        return "The team disagrees"
    if median >= 7:
        return "The team agrees: appropriate"
    return "The team agrees: not appropriate" if median <= 3 else "The team is unsure"
