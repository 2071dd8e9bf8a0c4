"""How sure and how right: shares, intervals, Brier score, and never a mark."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from phbkit.cohort.statistics.calibration import LEVELS, STATED, calibration, wilson
from phbkit.cohort.statistics.validation import StatisticsError

cells = st.lists(
    st.tuples(st.none() | st.sampled_from(LEVELS), st.none() | st.booleans()), max_size=30
)


def of(pairs: list[tuple[int | None, bool | None]]) -> object:
    sure, right = ([[pair[n] for pair in pairs]] for n in (0, 1))
    return calibration(sure, right)


def test_calibration_by_hand() -> None:
    found = calibration([[1, 1, 2, 3], [3, 3, 3, None]], [[1, 0, 1, 1], [1, 0, None, 1]])
    assert found.answers.tolist() == [2, 1, 3]
    assert found.right.tolist() == [1, 1, 2]
    assert found.share == pytest.approx([0.5, 1, 2 / 3])
    assert found.stated.tolist() == list(STATED)
    assert found.left_out == 2
    squares = 2 * 0.5**2 + 0.27**2 + 2 * 0.1**2 + 0.9**2
    assert found.brier == pytest.approx(squares / 6)


@given(cells)
def test_figures_are_those_of_the_plain_formulas(
    pairs: list[tuple[int | None, bool | None]],
) -> None:
    found = of(pairs)
    kept = [(level, right) for level, right in pairs if level is not None and right is not None]
    assert found.left_out == len(pairs) - len(kept)
    for place, level in enumerate(LEVELS):
        outcomes = [right for sure, right in kept if sure == level]
        assert found.answers[place] == len(outcomes)
        assert found.right[place] == sum(outcomes)
        share = sum(outcomes) / len(outcomes) if outcomes else math.nan
        assert found.share[place] == pytest.approx(share, nan_ok=True)
    errors = [(STATED[level - 1] - right) ** 2 for level, right in kept]
    brier = sum(errors) / len(errors) if errors else math.nan
    assert found.brier == pytest.approx(brier, nan_ok=True)
    assert math.isnan(found.brier) or 0 <= found.brier <= 1


@given(pairs=cells, shuffle=st.randoms())
def test_the_order_of_answers_makes_no_difference(
    pairs: list[tuple[int | None, bool | None]], shuffle: random.Random
) -> None:
    other = pairs[:]
    shuffle.shuffle(other)
    before, after = of(pairs), of(other)
    for name, value in vars(before).items():
        assert getattr(after, name) == pytest.approx(value, nan_ok=True), name


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (1, 1), (0, 12), (12, 12), (3, 10), (50, 99)])
def test_wilsons_interval_is_scipys(hits: int, trials: int, level: float) -> None:
    low, high = wilson([hits], [trials], level)
    known = binomtest(hits, trials).proportion_ci(level, method="wilson")
    assert low[0] == pytest.approx(known.low, abs=1e-12)
    assert high[0] == pytest.approx(known.high, abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=9))
def test_the_share_lies_in_its_interval_and_nothing_tried_has_none(
    pairs: list[tuple[int, int]],
) -> None:
    hits = np.array([min(pair) for pair in pairs], dtype=float)
    trials = np.array([max(pair) for pair in pairs], dtype=float)
    low, high = wilson(hits, trials)
    assert (np.isnan(low) == (trials == 0)).all()
    assert (np.isnan(high) == (trials == 0)).all()
    tried = trials > 0
    share = hits[tried] / trials[tried]
    assert ((low[tried] >= 0) & (low[tried] <= share)).all()
    assert ((high[tried] <= 1) & (high[tried] >= share)).all()


def test_no_answers_give_no_figure_and_no_warning() -> None:
    for shape in ((0, 0), (0, 3), (3, 0)):
        found = calibration(np.empty(shape), np.empty(shape))
        assert found.answers.tolist() == [0, 0, 0]
        assert np.isnan([found.brier, *found.share, *found.low, *found.high]).all()


@pytest.mark.parametrize(
    ("sure", "right", "said"),
    [
        ([[4]], [[1]], "Learner 1, item 1: 4 is no level"),
        ([[0]], [[1]], "Learner 1, item 1: 0 is no level"),
        ([[1.5]], [[1]], "A level is 1, 2 or 3"),
        ([[1]], [[0.5]], "right, 1, or wrong, 0"),
        ([[1]], [[2]], "Learner 1, item 1: 2 is no outcome"),
        ([[1, 2]], [[1]], "of one shape"),
        ([1], [1], "learners by items"),
    ],
)
def test_what_is_no_level_or_no_outcome_is_refused(sure: object, right: object, said: str) -> None:
    with pytest.raises(StatisticsError, match=said):
        calibration(sure, right)


@pytest.mark.parametrize(
    "wrong", [([2], [1], 0.95), ([1], [1, 2], 0.95), ([1], [None], 0.95), ([1], [2], 95)]
)
def test_no_share_has_more_hits_than_trials(wrong: tuple[list[int], list[int], float]) -> None:
    with pytest.raises(StatisticsError, match="hits of at least as many trials"):
        wilson(*wrong)


def test_results_cannot_be_written_over() -> None:
    with pytest.raises(ValueError, match="read-only"):
        calibration([[1]], [[1]]).share[0] = 1
