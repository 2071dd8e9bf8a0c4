"""How far a team's ratings agree: the manual's formulas."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.meeting.ratings import (
    INDEX_NEEDS,
    MEDIAN_NEEDS,
    METHOD,
    RatedItem,
    RoleRating,
    measured,
)

ACCEPTED = [4, 5, 6, *[7] * 5, *[8] * 5, 9, 9]
SPLIT = [1, 1, 2, 2, 5, 8, 8, 9, 9]
DISPUTED = [2, 3, 3, 4, 5, 6, 7, 7, 8]


def agreement(ratings: list[int]) -> RatedItem:
    """What a team's ratings of one item come to."""
    return measured(
        RatedItem("x", "option", 1, tuple(RoleRating("GP", each) for each in ratings), ())
    )


one_item = st.lists(st.integers(1, 9), max_size=20)


def test_fifteen_ratings_printed_in_bmj_open_agree() -> None:
    found = agreement(ACCEPTED)
    assert (found.median, found.low, found.high) == (7, 7, 8)
    assert found.index == round(1 / 6.1, 2)
    assert found.disagreement is False
    assert found.classical == "agreement"
    assert found.verdict == "The team agrees: appropriate"


def test_nine_ratings_at_both_ends_disagree() -> None:
    found = agreement(SPLIT)
    assert (found.median, found.index) == (5, round(6 / 2.35, 2))
    assert found.disagreement is True
    assert found.classical == "disagreement"
    assert found.verdict == "The team disagrees"


def test_percentiles_are_linear_where_methods_differ() -> None:
    assert agreement(DISPUTED).index == 1.36
    assert "linear interpolation" in METHOD


def test_an_ipr_equal_to_ipras_is_not_disagreement() -> None:
    tie = agreement([3, 3, 3, 3, 6, 6, 6, 6, 7, 7, 7, 7])
    assert (tie.low, tie.high) == (3.9, 6.7)
    assert (tie.index, tie.disagreement) == (1, False)


@pytest.mark.parametrize(
    ("ratings", "verdict"),
    [
        ([1, 2, 2, 3, 3], "The team agrees: not appropriate"),
        ([7, 7, 7, 8, 9], "The team agrees: appropriate"),
        ([4, 5, 5, 5, 6], "The team is unsure"),
        ([1, 1, 5, 9, 9], "The team disagrees"),
        ([1, 1, 8, 9, 9, 9, 9], "The team agrees: appropriate"),
        ([], "Too few ratings for a median (0; it takes 3)"),
        ([9, 9], "Too few ratings for a median (2; it takes 3)"),
        (
            [6, 7, 8, 9],
            "Too few ratings to say whether the team agrees (4; it takes 5)",
        ),
    ],
)
def test_the_verdict_is_in_plain_words(ratings: list[int], verdict: str) -> None:
    assert agreement(ratings).verdict == verdict


@pytest.mark.parametrize("ratings", [[3, 3, 3, 4, 4, 4], [6, 6, 6, 7, 7, 7], [3] * 4 + [4] * 4])
def test_a_median_between_two_bands_is_unsure(ratings: list[int]) -> None:
    found = agreement(ratings)
    assert found.median in {3.5, 6.5}
    assert found.verdict == "The team is unsure"
    assert found.classical != "agreement"


def test_too_few_ratings_are_said_and_nothing_is_made_of_them() -> None:
    two, four = agreement([5] * (MEDIAN_NEEDS - 1)), agreement([5] * (INDEX_NEEDS - 1))
    assert two.median is None
    assert four.median == 5
    for few in (two, four):
        assert (few.low, few.high, few.index, few.disagreement) == (None, None, None, None)
    assert agreement([5] * MEDIAN_NEEDS).median == 5
    assert agreement([5] * INDEX_NEEDS).index == 0


@pytest.mark.parametrize(
    ("raters", "outside"),
    [(8, 2), (9, 2), (10, 2), (11, 3), (12, 3), (13, 3), (14, 4), (15, 4), (16, 4)],
)
def test_the_classical_definition_goes_by_the_size_of_the_panel(raters: int, outside: int) -> None:
    def classical(low: int, high: int) -> str:
        return agreement([2] * low + [5] * (raters - low - high) + [8] * high).classical

    assert classical(0, outside) == classical(outside, 0) == "agreement"
    assert classical(1, outside - 1) == "agreement"
    assert classical(0, outside + 1) == classical(1, outside) == "neither"
    assert classical(outside, outside + 1) == classical(outside + 1, outside) == "neither"
    assert classical(outside + 1, outside + 1) == "disagreement"
    assert agreement([1] * (raters - outside) + [4] * outside).classical == "agreement"
    assert agreement([9] * (raters - outside - 1) + [6] * (outside + 1)).classical == "neither"


@pytest.mark.parametrize("raters", [0, 1, 7, 17, 30])
def test_the_classical_definition_knows_no_other_sizes(raters: int) -> None:
    assert agreement([5] * raters).classical == ""


@given(ratings=one_item, shuffle=st.randoms())
def test_the_order_of_raters_makes_no_difference(
    ratings: list[int], shuffle: random.Random
) -> None:
    one, other = agreement(ratings), agreement(shuffle.sample(ratings, len(ratings)))
    assert replace(other, team=one.team) == one


@given(ratings=one_item)
def test_mirrored_ratings_mirror_the_median_and_keep_the_index(ratings: list[int]) -> None:
    one, other = agreement(ratings), agreement([10 - rating for rating in ratings])
    assert (one.index, one.disagreement) == (other.index, other.disagreement)
    assert one.classical == other.classical
    assert one.median is None or one.median == 10 - (other.median or 0)
    assert one.low is None or one.low == pytest.approx(10 - (other.high or 0), abs=1e-12)


def by_hand(ratings: list[int]) -> tuple[float, float | None, bool | None]:
    """Median, index and disagreement of one item, slowly and in fractions."""
    inner = sorted(ratings)

    def percentile(share: Fraction) -> Fraction:
        spot = share * (len(inner) - 1)
        below = int(spot)
        above = min(below + 1, len(inner) - 1)
        return inner[below] + (spot - below) * (inner[above] - inner[below])

    low, high = percentile(Fraction(3, 10)), percentile(Fraction(7, 10))
    ipras = Fraction("2.35") + Fraction("1.5") * abs(5 - (low + high) / 2)
    return statistics.median(inner), float((high - low) / ipras), high - low > ipras


def classical_by_hand(ratings: list[int]) -> str:
    """Classical definition by its table."""
    panels = [(8, 10, 2), (11, 13, 3), (14, 16, 4)]
    few = next((few for first, last, few in panels if first <= len(ratings) <= last), None)
    if few is None:
        return ""
    median = statistics.median(ratings)
    band = range(1, 4) if median <= 3 else range(7, 10) if median >= 7 else range(4, 7)
    if sum(rating not in band for rating in ratings) <= few:
        return "agreement"
    ends = sum(rating <= 3 for rating in ratings), sum(rating >= 7 for rating in ratings)
    return "disagreement" if min(ends) > few else "neither"


@given(ratings=st.lists(st.integers(1, 9), min_size=INDEX_NEEDS, max_size=20))
def test_an_item_comes_to_what_it_comes_to_by_hand(ratings: list[int]) -> None:
    found = agreement(ratings)
    median, index, apart = by_hand(ratings)
    assert found.median == median
    assert found.index == pytest.approx(index, abs=0.00501)
    assert found.disagreement is apart
    assert found.classical == classical_by_hand(ratings)
    linear = np.percentile(ratings, [30, 70], method="linear")
    assert [found.low, found.high] == pytest.approx(linear.tolist())
