"""How sure a pass is: the published chances, order, and who is borderline."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.cohort.statistics.pass_decision import pass_chances
from phbkit.cohort.statistics.reliability import SMALL_COHORT, reliability

ROWS = "11110 11100 11000 10000 11111 00000 11010 10100".split()
EIGHT = [[int(cell) for cell in row] for row in ROWS]
TOTALS = [4, 3, 2, 1, 5, 0, 3, 2]

cohorts = st.lists(st.integers(0, 40), min_size=2, max_size=40).filter(lambda s: len(set(s)) > 1)
alphas = st.floats(0.01, 0.99)


def test_scores_of_two_three_and_four_have_the_chances_in_the_notes() -> None:
    _, chance, _ = pass_chances(TOTALS, 3, reliability(EIGHT).alpha)
    by_score = dict(zip(TOTALS, chance.tolist(), strict=True))
    assert [by_score[score] for score in (2, 3, 4)] == pytest.approx(
        [0.113, 0.425, 0.798], abs=5e-4
    )


@given(scores=cohorts, cut=st.floats(0, 40), alpha=alphas)
def test_chances_are_those_of_the_plain_formula(
    scores: list[int], cut: float, alpha: float
) -> None:
    true_scores, chances, _ = pass_chances(scores, cut, alpha)
    mean, sd = statistics.fmean(scores), statistics.stdev(scores)
    normal = statistics.NormalDist()
    for place, score in enumerate(scores):
        true = alpha * score + (1 - alpha) * mean
        chance = 1 - normal.cdf((cut - true) / (sd * math.sqrt(alpha * (1 - alpha))))
        assert true_scores[place] == pytest.approx(true)
        assert chances[place] == pytest.approx(chance, abs=1e-9)


@given(scores=cohorts, cut=st.floats(0, 40), alpha=alphas, up=st.floats(0, 5))
def test_a_higher_score_never_has_a_lower_chance_and_a_higher_cut_never_a_higher(
    scores: list[int], cut: float, alpha: float, up: float
) -> None:
    chance = pass_chances(scores, cut, alpha)[1]
    order = np.argsort(scores, kind="stable")
    assert (np.diff(chance[order]) >= 0).all()
    assert (pass_chances(scores, cut + up, alpha)[1] <= chance).all()


@given(scores=cohorts, shuffle=st.randoms())
def test_the_order_of_learners_makes_no_difference(scores: list[int], shuffle: object) -> None:
    places = list(range(len(scores)))
    shuffle.shuffle(places)  # type: ignore[attr-defined]
    before = pass_chances(scores, 20, 0.7)[1][places]
    after = pass_chances([scores[place] for place in places], 20, 0.7)[1]
    assert after == pytest.approx(before)


def test_a_learner_without_a_score_has_no_chance_and_counts_for_nothing() -> None:
    true_scores, chances, _ = pass_chances([*TOTALS, None, math.nan], 3, 0.7)
    assert np.isnan(chances[8:]).all()
    assert np.isnan(true_scores[8:]).all()
    assert chances[:8] == pytest.approx(pass_chances(TOTALS, 3, 0.7)[1])
    assert math.isnan(pass_chances([*TOTALS, None], 3, 1.0)[1][8])


def test_wholly_reliable_scores_decide_by_themselves() -> None:
    assert pass_chances(TOTALS, 3, 1.0)[1].tolist() == [1, 1, 0, 0, 1, 0, 1, 0]


@pytest.mark.parametrize(
    ("scores", "alpha", "note"),
    [
        ([], 0.8, "two learners"),
        ([3], 0.8, "two learners"),
        ([None, None, 3], 0.8, "two learners"),
        ([0.1] * 7, 0.8, "the same score"),
        ([0, 0], 0.8, "the same score"),
        (TOTALS, math.nan, "No reliability could be estimated"),
        (TOTALS, -0.3, "cannot be told from 0"),
        (TOTALS, 0.0, "cannot be told from 0"),
    ],
)
def test_where_there_are_no_chances_the_reason_is_said(
    scores: list[float | None], alpha: float, note: str
) -> None:
    _, chances, said = pass_chances(scores, 3, alpha)
    assert note in said
    assert np.isnan(chances).all()
    assert chances.shape == (len(scores),)


def test_a_small_cohort_is_cautioned() -> None:
    scores = list(range(SMALL_COHORT))
    assert pass_chances(scores, 10, 0.8)[2] == ""
    assert "From 29 learners" in pass_chances(scores[1:], 10, 0.8)[2]
