"""How sure and how right: shares, intervals, Brier score, and never a mark."""

from __future__ import annotations

import math
import random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from phbkit.cohort.statistics.calibration import STATED, calibration

answers = st.lists(st.tuples(st.sampled_from(list(STATED)), st.booleans()), max_size=30)


def of(pairs: list[tuple[int, bool]]) -> pd.DataFrame:
    return calibration([level for level, _ in pairs], [right for _, right in pairs])


def test_calibration_by_hand() -> None:
    found = calibration([1, 1, 2, 3, 3, 3], [1, 0, 1, 1, 1, 0])
    assert found["level"].tolist() == [1, 2, 3]
    assert found["answers"].tolist() == [2, 1, 3]
    assert found["right"].tolist() == [1, 1, 2]
    assert found["share"].tolist() == pytest.approx([0.5, 1, 2 / 3])
    assert found["stated"].tolist() == list(STATED.values())
    squares = 2 * 0.5**2 + 0.27**2 + 2 * 0.1**2 + 0.9**2
    assert found["brier"].tolist() == pytest.approx([squares / 6] * 3)


@given(answers)
def test_figures_are_those_of_the_plain_formulas(pairs: list[tuple[int, bool]]) -> None:
    found = of(pairs).set_index("level")
    for level in STATED:
        outcomes = [right for sure, right in pairs if sure == level]
        row = found.loc[level]
        assert (row["answers"], row["right"]) == (len(outcomes), sum(outcomes))
        share = sum(outcomes) / len(outcomes) if outcomes else math.nan
        assert row["share"] == pytest.approx(share, nan_ok=True)
        assert math.isnan(row["low"]) == math.isnan(row["high"]) == (not outcomes)
        if outcomes:
            known = binomtest(sum(outcomes), len(outcomes)).proportion_ci(method="wilson")
            assert (row["low"], row["high"]) == pytest.approx((known.low, known.high))
            assert 0 <= row["low"] <= share <= row["high"] <= 1
    errors = [(STATED[level] - right) ** 2 for level, right in pairs]
    brier = sum(errors) / len(errors) if errors else math.nan
    assert found["brier"].tolist() == pytest.approx([brier] * 3, nan_ok=True)


@given(pairs=answers, shuffle=st.randoms())
def test_the_order_of_answers_makes_no_difference(
    pairs: list[tuple[int, bool]], shuffle: random.Random
) -> None:
    other = pairs[:]
    shuffle.shuffle(other)
    pd.testing.assert_frame_equal(of(pairs), of(other))
