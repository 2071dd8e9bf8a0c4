"""How far a team's ratings agree: the manual's formulas, and refusals of what is no rating."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.errors import PhbError, RatingError
from phbkit.meeting.ratings import INDEX_NEEDS, MEDIAN_NEEDS, METHOD, agreement

NUMBERS = ("median", "low", "high", "ipr", "ipras", "index")
ACCEPTED = [4, 5, 6, *[7] * 5, *[8] * 5, 9, 9]
SPLIT = [1, 1, 2, 2, 5, 8, 8, 9, 9]
DISPUTED = [2, 3, 3, 4, 5, 6, 7, 7, 8]

one_item = st.lists(st.integers(1, 9), max_size=20)
tables = st.integers(0, 5).flatmap(
    lambda items: st.lists(
        st.lists(st.none() | st.integers(1, 9), min_size=items, max_size=items),
        min_size=1,
        max_size=18,
    )
)


def of(ratings: list[int | None]) -> dict[str, object]:
    """Give the agreement on one item as plain values."""
    found = agreement(ratings)
    plain = {name: array.item() for name, array in vars(found).items()}
    return plain | {"verdict": found.verdicts()[0]}


def same(one: object, other: object) -> bool:
    return str(one) == str(other)  # to the last digit, and NaN is NaN


def test_fifteen_ratings_printed_in_bmj_open_agree() -> None:
    found = of(ACCEPTED)
    assert (found["count"], found["median"], found["low"], found["high"]) == (15, 7, 7, 8)
    assert (found["ipr"], found["ipras"]) == (1, 6.1)
    assert found["index"] == pytest.approx(1 / 6.1)
    assert found["index"] == pytest.approx(0.164, abs=0.0005)
    assert found["disagreement"] is False
    assert found["classical"] == "agreement"
    assert found["verdict"] == "The team agrees: appropriate"


def test_nine_ratings_at_both_ends_disagree() -> None:
    found = of(SPLIT)
    assert (found["median"], found["ipr"], found["ipras"]) == (5, 6, 2.35)
    assert found["index"] == pytest.approx(2.553, abs=0.0005)
    assert found["disagreement"] is True
    assert found["classical"] == "disagreement"
    assert found["verdict"] == "The team disagrees"


def test_percentiles_are_linear_where_methods_differ() -> None:
    assert of(DISPUTED)["index"] == pytest.approx(1.36, abs=0.005)
    assert "linear interpolation" in METHOD


def test_an_ipr_equal_to_ipras_is_not_disagreement() -> None:
    tie = of([3, 3, 3, 3, 6, 6, 6, 6, 7, 7, 7, 7])
    assert (tie["low"], tie["high"], tie["ipr"], tie["ipras"]) == (3.9, 6.7, 2.8, 2.8)
    assert (tie["index"], tie["disagreement"]) == (1, False)


@pytest.mark.parametrize(
    ("ratings", "verdict"),
    [
        ([1, 2, 2, 3, 3], "The team agrees: not appropriate"),
        ([7, 7, 7, 8, 9], "The team agrees: appropriate"),
        ([4, 5, 5, 5, 6], "The team is unsure"),
        ([1, 1, 5, 9, 9], "The team disagrees"),
        ([1, 1, 8, 9, 9, 9, 9], "The team agrees: appropriate"),
        ([], "Too few ratings for a median (0; it takes 3)"),
        ([9, 9, None], "Too few ratings for a median (2; it takes 3)"),
        (
            [6, 7, 8, 9],
            "Too few ratings to say whether the team agrees (4; it takes 5)",
        ),
    ],
)
def test_the_verdict_is_in_plain_words(ratings: list[int | None], verdict: str) -> None:
    assert of(ratings)["verdict"] == verdict


@pytest.mark.parametrize("ratings", [[3, 3, 3, 4, 4, 4], [6, 6, 6, 7, 7, 7], [3] * 4 + [4] * 4])
def test_a_median_between_two_bands_is_unsure(ratings: list[int]) -> None:
    found = of(ratings)
    assert found["median"] in {3.5, 6.5}
    assert found["verdict"] == "The team is unsure"
    assert found["classical"] != "agreement"


def test_too_few_ratings_are_said_and_nothing_is_made_of_them() -> None:
    two, four = of([5] * (MEDIAN_NEEDS - 1)), of([5] * (INDEX_NEEDS - 1))
    assert all(np.isnan(two[name]) for name in NUMBERS)
    assert four["median"] == 5
    assert all(np.isnan(four[name]) for name in NUMBERS if name != "median")
    assert two["disagreement"] is four["disagreement"] is None
    assert of([5] * MEDIAN_NEEDS)["median"] == 5
    assert of([5] * INDEX_NEEDS)["index"] == 0


@pytest.mark.parametrize(
    ("raters", "outside"),
    [(8, 2), (9, 2), (10, 2), (11, 3), (12, 3), (13, 3), (14, 4), (15, 4), (16, 4)],
)
def test_the_classical_definition_goes_by_the_size_of_the_panel(raters: int, outside: int) -> None:
    def classical(low: int, high: int) -> object:
        return of([2] * low + [5] * (raters - low - high) + [8] * high)["classical"]

    assert classical(0, outside) == classical(outside, 0) == "agreement"
    assert classical(1, outside - 1) == "agreement"
    assert classical(0, outside + 1) == classical(1, outside) == "neither"
    assert classical(outside, outside + 1) == classical(outside + 1, outside) == "neither"
    assert classical(outside + 1, outside + 1) == "disagreement"
    assert of([1] * (raters - outside) + [4] * outside)["classical"] == "agreement"
    assert of([9] * (raters - outside - 1) + [6] * (outside + 1))["classical"] == "neither"


@pytest.mark.parametrize("raters", [0, 1, 7, 17, 30])
def test_the_classical_definition_knows_no_other_sizes(raters: int) -> None:
    assert of([5] * raters)["classical"] == "not defined"


def test_the_panel_is_those_who_rated_the_item() -> None:
    found = agreement([[5, 5]] * 7 + [[5, None]])
    assert found.count.tolist() == [8, 7]
    assert found.classical.tolist() == ["agreement", "not defined"]


@given(table=tables, spare=st.integers(0, 3), shuffle=st.randoms())
def test_the_order_of_raters_and_those_who_gave_none_make_no_difference(
    table: list[list[int | None]], spare: int, shuffle: random.Random
) -> None:
    other = table + [[None] * len(table[0])] * spare
    shuffle.shuffle(other)
    first, second = agreement(table), agreement(np.array(other, dtype=float))
    assert first.verdicts() == second.verdicts()
    for name, array in vars(first).items():
        assert same(array.tolist(), getattr(second, name).tolist()), name


@given(ratings=one_item)
def test_mirrored_ratings_mirror_the_median_and_keep_the_index(ratings: list[int]) -> None:
    one, other = of(ratings), of([10 - rating for rating in ratings])
    for kept in ("index", "ipr", "ipras", "disagreement", "classical"):
        assert same(one[kept], other[kept])
    assert np.isnan(one["median"]) or one["median"] == 10 - other["median"]
    assert np.isnan(one["low"]) or one["low"] == pytest.approx(10 - other["high"], abs=1e-12)


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
    few = next(
        (
            few
            for first, last, few in [(8, 10, 2), (11, 13, 3), (14, 16, 4)]
            if first <= len(ratings) <= last
        ),
        None,
    )
    if few is None:
        return "not defined"
    median = statistics.median(ratings)
    band = range(1, 4) if median <= 3 else range(7, 10) if median >= 7 else range(4, 7)
    if sum(rating not in band for rating in ratings) <= few:
        return "agreement"
    ends = sum(rating <= 3 for rating in ratings), sum(rating >= 7 for rating in ratings)
    return "disagreement" if min(ends) > few else "neither"


@pytest.mark.parametrize("raters", range(1, 19))
def test_many_items_at_once_come_to_what_each_comes_to_by_hand(raters: int) -> None:
    chance = np.random.default_rng(raters)
    table = chance.integers(1, 10, (raters, 60)).astype(float)
    table[chance.random(table.shape) < 0.15] = np.nan
    found = agreement(table)
    for item, column in enumerate(table.T):
        ratings = [int(rating) for rating in column if not np.isnan(rating)]
        assert found.count[item] == len(ratings)
        assert found.classical[item] == classical_by_hand(ratings)
        if len(ratings) >= INDEX_NEEDS:
            median, index, apart = by_hand(ratings)
            assert found.median[item] == median
            assert found.index[item] == pytest.approx(index, rel=1e-12)
            assert found.disagreement[item] is apart
            linear = np.percentile(ratings, [30, 70], method="linear")
            assert [found.low[item], found.high[item]] == pytest.approx(linear.tolist())


@pytest.mark.parametrize(
    "wrong",
    [0, 10, -3, 7.5, "seven", "7", True, np.bool_(True), float("inf"), -np.inf, 10**400, [7], 7j],
)
def test_what_is_no_rating_is_refused_by_name(wrong: object) -> None:
    with pytest.raises(RatingError) as refusal:
        agreement([[5, 5], [None, wrong]])
    assert str(refusal.value).startswith(f"Rater 2, item 2: {wrong!r} is not a rating.")
    assert "whole number from 1 to 9" in str(refusal.value)
    assert isinstance(refusal.value, PhbError)


def test_arrays_are_refused_as_lists_are() -> None:
    for wrong in (np.array([5, 0]), np.array([5, np.inf]), np.array([5, 7.5])):
        with pytest.raises(RatingError, match=r"Rater 2, item 1: .* is not a rating"):
            agreement(wrong)
    with pytest.raises(RatingError, match="Rater 1, item 1: True"):
        agreement(np.array([True, False]))


def test_rows_of_different_lengths_and_other_shapes_are_refused() -> None:
    for wrong in ([[5, 5], [5]], 5, [[[5]]], "5", None):
        with pytest.raises(RatingError):
            agreement(wrong)


def test_ratings_may_come_as_whole_floats_numpy_numbers_or_a_column() -> None:
    expected = str(of([5, 6, 7, 8, 9]))
    for ratings in ([5.0, 6.0, 7.0, 8.0, 9.0], list(np.arange(5, 10)), np.arange(5, 10)):
        assert str(of(ratings)) == expected
    assert str(of([*range(5, 10), float("nan"), np.float32("nan"), None])) == expected
    assert str(of([[rating] for rating in range(5, 10)])) == expected


def test_no_items_and_no_raters_are_no_mistake() -> None:
    assert agreement(np.empty((4, 0))).verdicts() == []
    assert agreement(np.empty((0, 2))).count.tolist() == [0, 0]


def test_results_cannot_be_written_over_and_ratings_are_left_alone() -> None:
    ratings = np.array([9.0, 1, 5, 3, 7])
    found = agreement(ratings)
    assert ratings.tolist() == [9, 1, 5, 3, 7]
    with pytest.raises(ValueError, match="read-only"):
        found.median[0] = 1


def test_numpy_is_loaded_when_ratings_are_and_not_before() -> None:
    script = (
        "import sys; sys.modules['numpy'] = None;"  # an import of it now fails
        "from phbkit.meeting.ratings import METHOD; print(METHOD)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "2.35" in done.stdout
