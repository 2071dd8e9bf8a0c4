"""How far a score can be trusted: published figures, and refusals to give any."""

from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from phbkit.cohort.statistics.arrays import StatisticsError, bootstrap, numbers, ratio
from phbkit.cohort.statistics.reliability import feldt, reliability

ROWS = "11110 11100 11000 10000 11111 00000 11010 10100".split()
EIGHT = [[int(cell) for cell in row] for row in ROWS]

tables = st.tuples(st.integers(2, 12), st.integers(2, 6)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(0, 10), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


def alpha_by_hand(rows: list[list[float]]) -> float:
    def variance(values: list[float]) -> float:
        mean = sum(values) / len(values)
        return sum((value - mean) ** 2 for value in values) / (len(values) - 1)

    k = len(rows[0])
    parts = sum(variance([row[part] for row in rows]) for part in range(k))
    return k / (k - 1) * (1 - parts / variance([sum(row) for row in rows]))


def test_eight_learners_and_five_items_come_to_the_figures_in_the_notes() -> None:
    found = reliability(EIGHT)
    assert (found.learners, found.left_out, found.parts, found.mean) == (8, 0, 5, 2.5)
    assert found.alpha == pytest.approx(0.7292, abs=5e-5)
    assert found.sd == pytest.approx(1.6036, abs=5e-5)
    assert found.sem == pytest.approx(0.8345, abs=5e-5)
    assert found.alpha_low == pytest.approx(0.247, abs=5e-4)
    assert found.alpha_high == pytest.approx(0.938, abs=5e-4)
    assert found.reason == ""


def test_for_right_and_wrong_alpha_is_kr_20() -> None:
    share = [sum(column) / 8 for column in zip(*EIGHT, strict=True)]
    totals = [sum(row) for row in EIGHT]
    variance = sum((total - 2.5) ** 2 for total in totals) / 8
    kr20 = 5 / 4 * (1 - sum(p * (1 - p) for p in share) / variance)
    assert reliability(EIGHT).alpha == pytest.approx(kr20, rel=1e-12)


def test_the_interval_is_the_one_the_mrc_unit_prints_for_873_people_and_20_items() -> None:
    assert feldt(0.913, 873, 20) == pytest.approx((0.9044024, 0.9211588), abs=5e-8)


def test_a_lower_level_gives_a_narrower_interval() -> None:
    wide, narrow = feldt(0.8, 20, 5, 0.95), feldt(0.8, 20, 5, 0.8)
    assert wide[0] < narrow[0] < 0.8 < narrow[1] < wide[1]


@given(tables)
def test_alpha_is_that_of_the_plain_formula(rows: list[list[float]]) -> None:
    assume(len({sum(row) for row in rows}) > 1)
    assert reliability(rows).alpha == pytest.approx(alpha_by_hand(rows), rel=1e-9, abs=1e-9)


@given(rows=tables, shift=st.integers(-20, 20), shuffle=st.randoms())
def test_relabelling_and_adding_a_constant_leave_alpha(
    rows: list[list[int]], shift: int, shuffle: object
) -> None:
    assume(len({sum(row) for row in rows}) > 1)
    learners, parts = list(range(len(rows))), list(range(len(rows[0])))
    shuffle.shuffle(learners)  # type: ignore[attr-defined]
    shuffle.shuffle(parts)  # type: ignore[attr-defined]
    other = [[rows[learner][part] + shift for part in parts] for learner in learners]
    before, after = reliability(rows), reliability(other)
    for name in ("alpha", "alpha_low", "alpha_high", "sd", "sem"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), nan_ok=True), name


def test_a_learner_with_a_missing_part_is_left_out_and_counted() -> None:
    found = reliability([*EIGHT, [1, 1, None, 1, 1], [math.nan] * 5])
    assert (found.learners, found.left_out) == (8, 2)
    assert found.alpha == reliability(EIGHT).alpha


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([[1, 2, 3]], "two learners with every part, and there are 1"),
        (np.empty((0, 3)), "two learners with every part, and there are 0"),
        ([[1, None], [None, 1]], "two learners with every part, and there are 0"),
        ([[1], [2], [3]], "two parts, and there are 1"),
        (np.empty((3, 0)), "two parts, and there are 0"),
        ([[1, 2], [2, 1], [0, 3]], "the same total"),
        ([[0.1, 0.2, 0.3]] * 7, "the same total"),
        ([[0.1, 0.2], [0.2, 0.1], [0.3, 0.0]], "the same total"),
        ([[0, 0], [0, 0]], "the same total"),
    ],
)
def test_where_there_is_no_alpha_the_reason_is_said(parts: object, reason: str) -> None:
    found = reliability(parts)
    assert reason in found.reason
    for value in (found.alpha, found.alpha_low, found.alpha_high, found.sem):
        assert math.isnan(value)


def test_an_alpha_below_nothing_is_given_and_no_error_of_measurement() -> None:
    found = reliability([[3, 0], [0, 2], [2, 0], [0, 3]])
    assert found.alpha < 0
    assert math.isnan(found.sem)
    assert "below 0" in found.reason


def test_parts_that_agree_wholly_have_alpha_one() -> None:
    found = reliability([[n, n] for n in range(5)])
    assert (found.alpha, found.alpha_low, found.alpha_high) == pytest.approx((1, 1, 1))
    assert found.sem == pytest.approx(0, abs=1e-7)


def test_decimals_whole_numbers_and_true_may_be_given() -> None:
    exact = [[Decimal(cell) for cell in row] for row in EIGHT]
    assert reliability(exact) == reliability(np.array(EIGHT, dtype=bool)) == reliability(EIGHT)


def test_numbers_out_of_range_are_refused_by_place() -> None:
    with pytest.raises(StatisticsError, match=r"At 1, 2: 1.5 is no share, from 0 to 1"):
        numbers([[1, 1.5]], "share", 2, 0, 1)
    with pytest.raises(StatisticsError, match=r"At 3: -1 is no mark, from 0 to inf"):
        numbers([0, 1, -1], "mark", 1, 0)


def test_dividing_by_nothing_gives_nan_and_no_warning() -> None:
    assert ratio([1, 2, 0], [2, 0, 0]).tolist() == pytest.approx([0.5, math.nan, math.nan],
                                                                 nan_ok=True)  # fmt: skip


def test_bootstrap_samples_come_from_the_seed_and_are_fewer_for_very_many() -> None:
    def drawn(size: int, seed: int) -> list[np.ndarray]:
        samples: list[np.ndarray] = []

        def mean(places: np.ndarray) -> np.ndarray:
            samples.extend(places)
            return places.mean(axis=1)

        bootstrap(mean, size, 1000, seed)
        return samples

    first, same, other = (np.array(drawn(4, seed)).tolist() for seed in (1, 1, 2))
    assert first == same != other
    assert len(first) == 1000
    assert {place for sample in first for place in sample} == {0, 1, 2, 3}
    assert len(drawn(50_000, 1)) == 400
    assert len(drawn(200_000, 1)) == 200


def test_scoring_beside_a_panel_loads_no_scipy() -> None:
    script = "import sys; from phbkit.cohort.statistics import concordance; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "numpy" in done.stdout.split()
    assert "scipy" not in done.stdout.split()
