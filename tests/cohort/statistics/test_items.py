"""How hard items were and how they discriminate: figures, missing answers, small cohorts."""

from __future__ import annotations

import math
import random
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.cohort.statistics.arrays import StatisticsError
from phbkit.cohort.statistics.items import FEWEST_LEARNERS, item_statistics

ROWS = "11110 11100 11000 10000 11111 00000 11010 10100".split()
EIGHT = [[int(cell) for cell in row] for row in ROWS]
ARRAYS = ("answered", "facility", "rest", "rest_low", "rest_high", "upper_lower")

credits_ = st.none() | st.sampled_from([0.0, 0.25, 0.3333, 0.5, 1.0])
tables = st.tuples(st.integers(8, 24), st.integers(1, 5)).flatmap(
    lambda shape: st.lists(
        st.lists(credits_, min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


def rest_by_hand(rows: list[list[float | None]], item: int) -> float:
    """Correlate one item with the share earned on the others, NaN where it cannot be."""
    pairs = []
    for row in rows:
        others = [n for n in range(len(row)) if n != item and row[n] is not None]
        if row[item] is not None and others:
            share = sum(row[n] for n in others) / len(others)  # type: ignore[misc]
            pairs.append((row[item], share))
    if len(pairs) < FEWEST_LEARNERS:
        return math.nan
    one, other = zip(*pairs, strict=True)
    if max(one) - min(one) < 1e-9 or max(other) - min(other) < 1e-9:  # type: ignore[operator]
        return math.nan
    return statistics.correlation(one, other)  # type: ignore[arg-type]


def difference_by_hand(rows: list[list[float]], item: int) -> float:
    """Take D as the mean over every way of breaking ties, by breaking them many times."""
    group = int(0.27 * len(rows) + 0.5)
    chance, found = random.Random(1), []
    for _ in range(4000):
        order = sorted(rows, key=lambda row: (round(sum(row), 9), chance.random()))
        low, high = order[:group], order[-group:]
        found.append(sum(row[item] for row in high) - sum(row[item] for row in low))
    return statistics.fmean(found) / group


def test_eight_learners_have_the_correlations_in_the_notes_once_they_are_enough() -> None:
    found = item_statistics(EIGHT * 2)  # each twice: the same correlations, from 16
    assert found["rest"].tolist() == pytest.approx(
        [0.4664, 0.5813, 0.4082, 0.5813, 0.4664], abs=5e-5
    )
    assert found.facility.tolist() == [0.875, 0.625, 0.5, 0.375, 0.125]
    assert found.answered.tolist() == [16] * 5
    assert list(found["reasons"]) == [""] * 5


def test_nothing_is_said_of_discrimination_under_ten_learners() -> None:
    found = item_statistics(EIGHT)
    assert found.facility.tolist() == [0.875, 0.625, 0.5, 0.375, 0.125]
    for name in ("rest", "rest_low", "rest_high", "upper_lower"):
        assert np.isnan(getattr(found, name)).all(), name
    assert list(found["reasons"]) == ["Fewer than 10 learners."] * 5
    assert np.isfinite(item_statistics(EIGHT + EIGHT[:2]).rest).all()


def test_the_groups_are_the_upper_and_lower_27_per_cent() -> None:
    rows = [[1, 1, n / 11] for n in range(6, 12)] + [[0, n % 2, n / 11] for n in range(6)]
    found = item_statistics(rows)
    assert found[["learners", "group"]].iloc[0].tolist() == [12, 3]
    assert found.upper_lower[0] == 1
    assert found.upper_lower[2] == pytest.approx((9 + 10 + 11) / 33 - (0 + 2 + 4) / 33)


@pytest.mark.parametrize(("learners", "group"), [(10, 3), (11, 3), (13, 4), (100, 27)])
def test_27_per_cent_is_rounded(learners: int, group: int) -> None:
    assert item_statistics([[n / 100, 0] for n in range(learners)])["group"].tolist() == [group] * 2


def test_credits_that_differ_by_rounding_only_are_the_same() -> None:
    found = item_statistics([[0.1, 0.2, 0.3, 0.7], [0.3, 0.2, 0.1, 0.7]] * 11)
    assert np.isnan(found.upper_lower).all()  # 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1 in floats
    assert found["reasons"][1] == found["reasons"][3] == "All earned the same on it."


def test_learners_tied_at_the_border_share_its_places() -> None:
    chance = random.Random(3)
    rows = [[float(chance.random() < p) for p in (0.3, 0.5, 0.7)] for _ in range(20)]
    found = item_statistics(rows).upper_lower
    for item in range(3):
        assert found[item] == pytest.approx(difference_by_hand(rows, item), abs=0.02)


@given(tables)
def test_correlations_are_those_of_the_plain_formula(rows: list[list[float | None]]) -> None:
    found = item_statistics(rows)
    for item in range(len(rows[0])):
        by_hand = rest_by_hand(rows, item)
        assert found.rest[item] == pytest.approx(by_hand, nan_ok=True, abs=1e-9)
        given_ = [row[item] for row in rows if row[item] is not None]
        assert found.answered[item] == len(given_)
        mean = statistics.fmean(given_) if given_ else math.nan
        assert found.facility[item] == pytest.approx(mean, nan_ok=True)
        assert bool(found["reasons"][item]) == bool(
            np.isnan(found.rest[item]) or np.isnan(found.upper_lower[item])
        )


@given(rows=tables, shuffle=st.randoms())
def test_the_order_of_learners_and_items_makes_no_difference(
    rows: list[list[float | None]], shuffle: random.Random
) -> None:
    items = list(range(len(rows[0])))
    shuffle.shuffle(items)
    other = [[row[item] for item in items] for row in rows]
    shuffle.shuffle(other)
    before, after = item_statistics(rows), item_statistics(other)
    for name in ARRAYS:
        expected = before[name].to_numpy()[items]
        assert after[name].to_numpy() == pytest.approx(expected, nan_ok=True, abs=1e-9), name
    assert list(after["reasons"]) == [before["reasons"][item] for item in items]


def test_an_interval_stands_beside_every_correlation_and_narrows_with_more_learners() -> None:
    few, many = item_statistics(EIGHT * 2), item_statistics(EIGHT * 20)
    assert ((few.rest_low < few.rest) & (few.rest < few.rest_high)).all()
    assert (few.rest_low < many.rest_low).all()
    assert (few.rest_high > many.rest_high).all()
    r, half = few.rest[0], 1.959964 / math.sqrt(13)
    assert few.rest_low[0] == pytest.approx(math.tanh(math.atanh(r) - half))


def test_why_there_is_no_figure_is_said_of_each_item() -> None:
    rows = [[1, n / 12, None, 0.5] for n in range(12)]
    found = item_statistics(rows)
    assert tuple(found["reasons"]) == (
        "All earned the same on it.",
        "All earned the same on the rest.",
        "Nobody answered both this item and another.",
        "All earned the same on it.",
    )
    assert np.isnan(found.rest).all()
    assert found.upper_lower[1] > 0
    assert np.isnan(found.facility[2])
    assert tuple(item_statistics([[n / 12] for n in range(12)])["reasons"]) == (
        "Nobody answered both this item and another.",
    )
    equal = item_statistics([[1, 0], [0, 1]] * 6)
    assert equal["rest"].tolist() == pytest.approx([-1, -1])
    assert equal["reasons"][0].endswith("all totals are the same.")


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (12, 1), (1, 12)])
@pytest.mark.parametrize("fill", [0.0, 1.0, math.nan])
def test_hardly_any_answers_give_no_figure_and_no_warning(
    shape: tuple[int, int], fill: float
) -> None:
    found = item_statistics(np.full(shape, fill))
    assert found.rest.shape == (shape[1],)
    assert np.isnan(found.rest).all()
    assert all(found["reasons"])
    assert len(found["reasons"]) == shape[1]


def test_more_than_an_item_gives_is_refused_and_so_is_less_than_nothing() -> None:
    with pytest.raises(StatisticsError, match="At 2, 1: 3 is no credit"):
        item_statistics([[1, 1], [3, 1]])
    with pytest.raises(StatisticsError, match="At 1, 2: -1 is no credit"):
        item_statistics([[1, -1]])


def test_credits_are_left_alone() -> None:
    rows = np.array(EIGHT * 2, dtype=float)
    item_statistics(rows)
    assert rows.tolist() == EIGHT * 2
