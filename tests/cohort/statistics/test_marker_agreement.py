"""How far two blind markers agree, and which texts go back to both."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.cohort.statistics.arrays import StatisticsError
from phbkit.cohort.statistics.marker_agreement import (
    MarkerAgreement,
    compare_markers,
    look_together,
)

marks = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=5, max_size=20)
FIGURES = ("equal", "mean_difference", "kappa", "kappa_low", "kappa_high", "pearson")


def kappa_by_hand(pairs: list[tuple[float, float]]) -> float:
    """Weigh by categories: a table of both markers' marks against the one chance would give."""
    categories = sorted({mark for pair in pairs for mark in pair})
    n = len(pairs)
    observed = expected = 0.0
    for one in categories:
        for other in categories:
            weight = (one - other) ** 2
            observed += weight * pairs.count((one, other)) / n
            rows = sum(first == one for first, _ in pairs)
            columns = sum(second == other for _, second in pairs)
            expected += weight * rows * columns / n**2
    return 1 - observed / expected if expected else math.nan


def icc_by_hand(pairs: list[tuple[float, float]]) -> float:
    """Give ICC(2,1) by mean squares, as R's psych has it."""
    n, grand = len(pairs), statistics.fmean(mark for pair in pairs for mark in pair)
    means = [statistics.fmean(column) for column in zip(*pairs, strict=True)]
    between = sum(2 * (statistics.fmean(pair) - grand) ** 2 for pair in pairs) / (n - 1)
    judges = sum(n * (mean - grand) ** 2 for mean in means)
    total = sum((mark - grand) ** 2 for pair in pairs for mark in pair)
    error = (total - between * (n - 1) - judges) / (n - 1)
    return (between - error) / (between + error + 2 * (judges - error) / n)


def of(pairs: list[tuple[float, float]], **named: int) -> MarkerAgreement:
    first, second = zip(*pairs, strict=True)
    return compare_markers(first, second, 6, **named)


def some(size: int, lenient: int = 0) -> list[tuple[float, float]]:
    chance = random.Random(7)
    made = []
    for _ in range(size):
        first = chance.randrange(1, 5)
        made.append((first, min(6, first + lenient + chance.choice([-1, 0, 0, 1]))))
    return made


def test_kappa_of_a_worked_example() -> None:
    # Printed as 0.5 by Lodestar's page on kappa weighting.
    found = compare_markers([1, 1, 2, 2, 3, 3, 1, 3], [1, 3, 2, 1, 3, 2, 1, 3], 3)
    assert found.kappa == pytest.approx(0.5)
    assert found.equal == 5 / 8
    assert found.mean_difference == 0
    assert (found.texts, found.left_out, found.reason) == (8, 0, "")


@given(marks)
def test_figures_are_those_of_the_plain_formulas(pairs: list[tuple[int, int]]) -> None:
    found = of(pairs, resamples=5)
    assert found.equal == statistics.fmean(one == other for one, other in pairs)
    difference = statistics.fmean(other - one for one, other in pairs)
    assert found.mean_difference == pytest.approx(difference, abs=1e-12)
    assert found.kappa == pytest.approx(kappa_by_hand(pairs), nan_ok=True, abs=1e-9)
    if all(len(set(column)) > 1 for column in zip(*pairs, strict=True)):
        by_hand = statistics.correlation(*zip(*pairs, strict=True))
        assert found.pearson == pytest.approx(by_hand, abs=1e-9)
    else:
        assert math.isnan(found.pearson)
        assert found.reason


@given(pairs=marks, shuffle=st.randoms())
def test_the_order_of_texts_makes_no_difference_and_swapping_turns_the_difference_only(
    pairs: list[tuple[int, int]], shuffle: random.Random
) -> None:
    other = pairs[:]
    shuffle.shuffle(other)
    before, after = of(pairs, resamples=20), of(other, resamples=20)
    swapped = of([(second, first) for first, second in pairs], resamples=20)
    for name in FIGURES:
        assert getattr(after, name) == pytest.approx(getattr(before, name), nan_ok=True), name
    assert swapped.mean_difference == pytest.approx(-before.mean_difference)
    assert swapped.kappa == pytest.approx(before.kappa, nan_ok=True)


def test_a_lenient_marker_lowers_kappa_and_not_the_correlation() -> None:
    fair = some(60)
    lenient = [(first, second + 1) for first, second in fair]
    assert of(lenient).mean_difference == pytest.approx(of(fair).mean_difference + 1)
    assert of(lenient).pearson == pytest.approx(of(fair).pearson)
    assert of(lenient).kappa < of(fair).kappa - 0.1


@pytest.mark.parametrize("lenient", [0, 1])
def test_kappa_is_nearly_the_intraclass_correlation_that_is_left_out(lenient: int) -> None:
    pairs = some(200, lenient)
    assert of(pairs).kappa == pytest.approx(icc_by_hand(pairs), abs=0.005)


def test_half_marks_need_no_categories() -> None:
    pairs = [(one / 2, other / 2) for one, other in some(30)]
    assert of(pairs).kappa == pytest.approx(kappa_by_hand(pairs))
    assert of(pairs).kappa == pytest.approx(of(some(30)).kappa)


def test_the_interval_is_that_of_a_plain_bootstrap_and_comes_from_the_seed() -> None:
    pairs, chance = some(40), random.Random(1)
    drawn = sorted(kappa_by_hand([chance.choice(pairs) for _ in pairs]) for _ in range(1500))
    found = of(pairs)
    assert found.kappa_low == pytest.approx(drawn[37], abs=0.04)
    assert found.kappa_high == pytest.approx(drawn[1462], abs=0.04)
    assert of(pairs, seed=3) == of(pairs, seed=3)
    assert of(pairs, seed=3).kappa_low != found.kappa_low


def test_a_text_one_marker_left_is_counted_and_left_out() -> None:
    first, second = zip(*some(20), strict=True)
    found = compare_markers([*first, 3, None], [*second, None, math.nan], 6)
    assert (found.texts, found.left_out) == (20, 2)
    assert found.kappa == of(some(20)).kappa


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ([(1, 2)] * 4, "It takes 5 texts with both marks; here are 4."),
        ([(3, 3)] * 9, "Every mark is the same"),
        ([(3, n % 3) for n in range(9)], "One marker gave every text the same mark"),
        ([(3, 3)] * 8 + [(4, 4)], "Too little spread"),
    ],
)
def test_where_a_figure_is_missing_the_reason_is_said(
    pairs: list[tuple[int, int]], reason: str
) -> None:
    found = of(pairs)
    assert reason in found.reason
    assert any(math.isnan(getattr(found, name)) for name in FIGURES)
    assert not math.isnan(found.equal)


def test_no_text_with_both_marks_gives_no_figure() -> None:
    for first, second in (([], []), ([1, None], [None, 2])):
        found = compare_markers(first, second, 6)
        assert found.texts == 0
        assert found.reason == "No text has a mark from both."
        assert all(math.isnan(getattr(found, name)) for name in FIGURES)


def test_texts_a_quarter_apart_go_back_furthest_first() -> None:
    first, second = [0, 4, 8, 3, None, 5], [2, 4, 3, 6, 8, 6]
    assert look_together(first, second, 8).tolist() == [2, 3, 0]


def test_a_difference_of_just_the_limit_counts_in_spite_of_rounding() -> None:
    assert look_together([0.1 + 0.2], [0.6], 1.2).tolist() == [0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([7], [1], 6), "At 1: 7 is no mark"),
        (([-1], [1], 6), "At 1: -1 is no mark"),
        (([[1]], [[1]], 6), "1 dimensions"),
    ],
)
def test_marks_that_do_not_fit_the_rubric_are_refused(
    arguments: tuple[object, ...], said: str
) -> None:
    for function in (compare_markers, look_together):
        with pytest.raises(StatisticsError, match=said):
            function(*arguments)  # type: ignore[operator]
