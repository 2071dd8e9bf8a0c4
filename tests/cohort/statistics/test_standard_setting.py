"""Where the pass mark lies: three methods, their errors, and when there is none."""

from __future__ import annotations

import math
import random
import statistics

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from phbkit.cohort.statistics.arrays import StatisticsError
from phbkit.cohort.statistics.standard_setting import angoff, borderline_regression, hofstee

shares = st.floats(0, 1).map(lambda share: round(share, 2))
panels = st.tuples(st.integers(2, 8), st.integers(1, 6)).flatmap(
    lambda shape: st.lists(
        st.lists(shares, min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)
rated = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5)), min_size=6, max_size=25)


def some(size: int, seed: int = 1) -> tuple[list[float], list[int]]:
    """Make scores that go with ratings of 1 to 5."""
    chance = random.Random(seed)
    ratings = [chance.choice([1, 2, 2, 3, 3, 3, 4, 4, 5]) for _ in range(size)]
    return [10 + 5 * rating + chance.gauss(0, 4) for rating in ratings], ratings


def bootstrap_by_hand(scores: list[float], ratings: list[int], borderline: float) -> float:
    chance, cuts = random.Random(9), []
    for _ in range(3000):
        rows = [chance.randrange(len(scores)) for _ in scores]
        if len({ratings[row] for row in rows}) > 1:
            line = statistics.linear_regression([ratings[n] for n in rows],
                                                [scores[n] for n in rows])  # fmt: skip
            cuts.append(line.intercept + line.slope * borderline)
    return statistics.stdev(cuts)


def test_angoff_by_hand() -> None:
    found = angoff([[0.5, 0.6, 0.7], [0.6, 0.6, 0.9], [0.4, 0.5, 0.6]])
    sums = [1.8, 2.1, 1.5]
    assert found.cut == pytest.approx(1.8)
    assert found.se == pytest.approx(statistics.stdev(sums) / math.sqrt(3))
    assert found.high - found.cut == pytest.approx(4.302653 * found.se, rel=1e-6)
    assert found.cut - found.low == pytest.approx(found.high - found.cut)
    assert (found.used, found.left_out, found.note) == (3, 0, "")


@given(panels)
def test_angoff_is_the_mean_of_the_judges_sums(rows: list[list[float]]) -> None:
    found = angoff(rows)
    sums = [sum(row) for row in rows]
    assert found.cut == pytest.approx(statistics.fmean(sums), abs=1e-12)
    error = statistics.stdev(sums) / math.sqrt(len(sums))
    assert found.se == pytest.approx(error, abs=1e-9)
    assert 0 <= found.cut <= len(rows[0])


@given(rows=panels, shuffle=st.randoms())
def test_the_order_of_judges_and_items_moves_no_pass_mark(
    rows: list[list[float]], shuffle: random.Random
) -> None:
    items = list(range(len(rows[0])))
    shuffle.shuffle(items)
    other = [[row[item] for item in items] for row in rows]
    shuffle.shuffle(other)
    before, after = angoff(rows), angoff(other)
    assert after.cut == pytest.approx(before.cut)
    assert after.se == pytest.approx(before.se, abs=1e-9)


def test_a_judge_who_skipped_an_item_is_left_out_and_counted() -> None:
    rows = [[0.5, 0.6], [0.7, 0.8]]
    found = angoff([*rows, [0.9, None]])
    assert (found.cut, found.used, found.left_out) == (angoff(rows).cut, 2, 1)


def test_one_judge_gives_a_mark_and_no_error_and_none_gives_neither() -> None:
    one = angoff([[0.5, 0.6]])
    assert one.cut == pytest.approx(1.1)
    assert math.isnan(one.se)
    assert "one judge" in one.note
    for nothing in (np.empty((0, 3)), [[None, 0.5]], np.empty((3, 0))):
        none = angoff(nothing)
        assert math.isnan(none.cut)
        assert none.note == "No judge has judged every item."


@pytest.mark.parametrize("wrong", [1.01, -0.1, 60])
def test_a_judgement_is_a_share(wrong: float) -> None:
    with pytest.raises(StatisticsError, match=r"At 1, 2: .* from 0 to 1"):
        angoff([[0.5, wrong]])


def test_borderline_regression_by_hand() -> None:
    scores, ratings = [10, 14, 15, 21, 20], [1, 2, 2, 3, 3]
    found = borderline_regression(scores, ratings, 2)
    line = statistics.linear_regression(ratings, scores)
    assert (found.intercept, found.slope) == pytest.approx((line.intercept, line.slope))
    assert found.cut == pytest.approx(line.intercept + 2 * line.slope)
    assert found.r_squared == pytest.approx(statistics.correlation(ratings, scores) ** 2)


@pytest.mark.parametrize("borderline", [2, 2.5])
def test_its_error_is_that_of_a_plain_bootstrap(borderline: float) -> None:
    scores, ratings = some(40)
    found = borderline_regression(scores, ratings, borderline)
    by_hand = bootstrap_by_hand(scores, ratings, borderline)
    assert found.se == pytest.approx(by_hand, rel=0.1)
    assert found.low < found.cut < found.high
    assert found.high - found.low == pytest.approx(3.92 * found.se, rel=0.15)


def test_the_seed_decides_the_draws_and_the_order_of_learners_does_not() -> None:
    scores, ratings = some(30)
    first = borderline_regression(scores, ratings, 2, seed=4)
    assert borderline_regression(scores[::-1], ratings[::-1], 2, seed=4) == first
    assert borderline_regression(scores, ratings, 2, seed=5).se != first.se
    assert borderline_regression(scores, ratings, 2, seed=5).cut == first.cut


@given(pairs=rated, shift=st.integers(-10, 10))
def test_points_more_for_everybody_move_the_mark_by_as_many(
    pairs: list[tuple[int, int]], shift: int
) -> None:
    scores, ratings = map(list, zip(*pairs, strict=True))
    before = borderline_regression(scores, ratings, 2, resamples=20)
    more = [score + shift for score in scores]
    after = borderline_regression(more, ratings, 2, resamples=20)
    assert after.cut == pytest.approx(before.cut + shift, nan_ok=True)
    assert after.se == pytest.approx(before.se, nan_ok=True, abs=1e-9)
    assert math.isnan(before.cut) == (not before.slope > 0)


def test_more_learners_leave_less_error() -> None:
    few = borderline_regression(*some(40), 2)
    many = borderline_regression(*some(640), 2)
    assert many.se < few.se / 2


@pytest.mark.parametrize(
    ("scores", "ratings", "note"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4], "It takes 5 learners with score and rating; here are 4."),
        ([], [], "here are 0"),
        ([1, 2, 3, 4, None, 9], [1, 2, 3, 4, 5, None], "here are 4"),
        ([1, 2, 3, 4, 5], [2] * 5, "All learners have the same rating."),
        ([5, 4, 3, 2, 1], [1, 2, 3, 4, 5], "Scores do not rise"),
        ([0.1] * 6, [1, 2, 3, 4, 5, 5], "Scores do not rise"),
    ],
)
def test_where_regression_gives_no_mark_the_reason_is_said(
    scores: list[float | None], ratings: list[float | None], note: str
) -> None:
    found = borderline_regression(scores, ratings, 2)
    assert note in found.note
    assert math.isnan(found.cut)
    assert math.isnan(found.se)


def test_a_borderline_nobody_was_near_and_a_lone_odd_rating_are_said() -> None:
    scores, ratings = some(40)
    assert "Nobody was rated so low or high" in borderline_regression(scores, ratings, 0).note
    assert borderline_regression(scores, ratings, 1).note == ""
    lone = borderline_regression([10, 10, 11, 12, 20], [1, 1, 1, 1, 3], 2)
    assert lone.cut > 10
    assert math.isnan(lone.se)
    assert "off the commonest rating" in lone.note


def hofstee_by_hand(scores: list[int], a: float, b: float, c: float, d: float) -> float:
    """Walk up in small steps while the share failing stays at or under the line."""
    best = math.nan
    for step in range(4001):
        cut = a + (b - a) * step / 4000
        failing = sum(score < cut - 1e-12 for score in scores) / len(scores)
        if failing <= d - (d - c) * step / 4000 + 1e-12:
            best = cut
    return best


def test_hofstee_by_hand() -> None:
    found = hofstee(range(1, 11), [[4, 8, 0.1, 0.5]])
    # Three of ten lie below any mark above 3 up to 4, four up to 5, five up to 6; the line is at
    # 0.4 for a mark of 5.
    assert found.cut == pytest.approx(5)
    assert found.fail_rate == pytest.approx(0.4)
    assert found.accepts(5, 0.4)
    assert not found.accepts(3.9, 0.4)
    assert not found.accepts(5, 0.51)


@given(
    scores=st.lists(st.integers(0, 20), min_size=1, max_size=30),
    least=st.integers(0, 15),
    width=st.integers(1, 6),
    fails=st.tuples(st.integers(0, 10), st.integers(0, 10)).filter(lambda pair: pair[0] < pair[1]),
)
def test_hofstee_is_the_highest_mark_under_the_line(
    scores: list[int], least: int, width: int, fails: tuple[int, int]
) -> None:
    c, d = fails[0] / 10, fails[1] / 10
    found = hofstee(scores, [[least, least + width, c, d]])
    failing = [sum(s < cut for s in scores) / len(scores) for cut in (least, least + width)]
    assume(abs(failing[0] - d) > 1e-9 and abs(failing[1] - c) > 1e-9)
    if failing[0] > d or failing[1] < c:
        assert math.isnan(found.cut)
        assert "the judges accept" in found.note
        return
    by_hand = hofstee_by_hand(scores, least, least + width, c, d)
    assert found.cut == pytest.approx(by_hand, abs=width / 3000)
    assert found.fail_rate == sum(s < found.cut for s in scores) / len(scores)
    assert found.accepts(found.cut, min(max(found.fail_rate, c), d))


def test_hofstee_takes_the_mean_of_judges_and_leaves_out_half_a_judge() -> None:
    found = hofstee([*range(1, 11), None], [[3, 7, 0, 0.4], [5, 9, 0.2, 0.6], [1, 2, None, 0.1]])
    assert (found.judges, found.left_out) == (2, 1)
    assert found.cuts == (4, 8)
    assert found.fails == pytest.approx((0.1, 0.5))
    assert found.cut == pytest.approx(hofstee(range(1, 11), [[4, 8, 0.1, 0.5]]).cut)


def test_hofstee_without_judges_or_scores_gives_none() -> None:
    for scores, judges in (([], [[4, 8, 0.1, 0.5]]), ([1, 2], np.empty((0, 4)))):
        found = hofstee(scores, judges)
        assert math.isnan(found.cut)
        assert "a learner with a score" in found.note
        assert not found.accepts(5, 0.2)


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        ([8, 4, 0.1, 0.5], "Judge 1: a least acceptable"),
        ([4, 8, 0.5, 0.1], "Judge 1: a least acceptable"),
        ([5, 5, 0.1, 0.5], "leave no line"),
        ([4, 8, 0.2, 0.2], "leave no line"),
    ],
)
def test_limits_that_draw_no_line_are_refused(judge: list[float], said: str) -> None:
    with pytest.raises(StatisticsError, match=said):
        hofstee([1, 2, 3], [judge])
