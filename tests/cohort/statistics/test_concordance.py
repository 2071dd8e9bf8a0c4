"""Four concordance keys side by side, contested items, the panel's own error, and gaming."""

from __future__ import annotations

import math
import random
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.cohort.statistics.baselines import baselines, leave_one_out, panel_error
from phbkit.cohort.statistics.concordance import KEYS, contested, count, keys, percent
from phbkit.cohort.statistics.validation import StatisticsError
from phbkit.scoring import credit

steps = st.integers(-2, 2)
rows_of_counts = st.lists(
    st.lists(st.integers(0, 9), min_size=5, max_size=5), min_size=1, max_size=6
)


def panels(cell: st.SearchStrategy[int | None]) -> st.SearchStrategy[list[list[int | None]]]:
    return st.tuples(st.integers(1, 8), st.integers(1, 5)).flatmap(
        lambda shape: st.lists(
            st.lists(cell, min_size=shape[1], max_size=shape[1]),
            min_size=shape[0],
            max_size=shape[0],
        )
    )


whole, gappy = panels(steps), panels(steps | st.none())


def a_panel(people: int, items: int, seed: int = 1) -> np.ndarray:
    chance = np.random.default_rng(seed)
    leaning = chance.normal(0, 1.0, items)
    return np.clip(np.round(chance.normal(leaning, 0.8, (people, items))), -2, 2)


def key_by_hand(row: list[int], name: str) -> list[float]:
    """Give the five credits of one item by the plain definitions."""
    most = max(row)
    if not most:
        return [math.nan] * 5
    modes = [option for option in range(5) if row[option] == most]
    if name == "aggregate":
        return [n / most for n in row]
    if name == "modal":
        return [float(option in modes) for option in range(5)]
    if name == "distance":
        return [1 - min(abs(option - mode) for mode in modes) / 4 for option in range(5)]
    sides = [row[0] + row[1], row[2], row[3] + row[4]]
    return [sides[side] / max(sides) for side in (0, 0, 1, 2, 2)]


def counts_by_hand(rows: list[list[int | None]], items: int) -> list[list[int]]:
    columns = [[row[item] for row in rows] for item in range(items)]
    return [[column.count(step) for step in range(-2, 3)] for column in columns]


def alone_by_hand(rows: list[list[int | None]], who: int) -> float:
    """Score one panellist by the others, over the items that both judged."""
    others = counts_by_hand(rows[:who] + rows[who + 1 :], len(rows[who]))
    made = [key_by_hand(row, "aggregate") for row in others]
    earned = [
        made[item][answer + 2]
        for item, answer in enumerate(rows[who])
        if answer is not None and not math.isnan(made[item][0])
    ]
    return 100 * statistics.fmean(earned) if earned else math.nan


def test_the_counts_in_the_notes_earn_what_the_notes_say() -> None:
    made = keys([[2, 4, 6, 3, 0]])
    assert made.aggregate[0] == pytest.approx([0.333, 0.667, 1, 0.5, 0], abs=5e-4)
    assert made.modal[0].tolist() == [0, 0, 1, 0, 0]
    assert made.three_point[0].tolist() == [1, 1, 1, 0.5, 0.5]
    assert made.distance[0].tolist() == [0.5, 0.75, 1, 0.75, 0.5]


@given(rows_of_counts.map(lambda rows: [row for row in rows if any(row)]))
def test_the_aggregate_key_is_the_one_answers_are_scored_by(rows: list[list[int]]) -> None:
    made = keys(np.array(rows).reshape(-1, 5)).aggregate
    for row, earned in zip(rows, made.tolist(), strict=True):
        for place in range(5):
            assert float(credit.concordance(place, row)) == pytest.approx(earned[place], abs=5.1e-5)


@pytest.mark.parametrize("name", KEYS)
@given(rows=rows_of_counts)
def test_keys_are_those_of_the_plain_definitions(name: str, rows: list[list[int]]) -> None:
    made = getattr(keys(rows), name)
    for row, earned in zip(rows, made, strict=True):
        assert earned == pytest.approx(key_by_hand(row, name), nan_ok=True)


@pytest.mark.parametrize("name", KEYS)
@given(rows=rows_of_counts)
def test_credits_lie_between_0_and_1_and_the_best_option_earns_1(
    name: str, rows: list[list[int]]
) -> None:
    for row, earned in zip(rows, getattr(keys(rows), name), strict=True):
        if any(row):
            assert ((earned >= 0) & (earned <= 1)).all()
            assert earned.max() == 1
        else:
            assert np.isnan(earned).all()


@pytest.mark.parametrize("name", KEYS)
@given(rows=rows_of_counts, times=st.integers(2, 5))
def test_turning_the_scale_round_turns_the_key_and_a_larger_like_panel_leaves_it(
    name: str, rows: list[list[int]], times: int
) -> None:
    made = getattr(keys(rows), name)
    turned = getattr(keys([row[::-1] for row in rows]), name)
    larger = getattr(keys([[times * n for n in row] for row in rows]), name)
    assert turned[:, ::-1] == pytest.approx(made, nan_ok=True)
    assert larger == pytest.approx(made, nan_ok=True)


@given(rows=gappy, shuffle=st.randoms())
def test_counting_is_by_hand_and_the_order_of_panellists_makes_no_difference(
    rows: list[list[int | None]], shuffle: random.Random
) -> None:
    other = rows[:]
    shuffle.shuffle(other)
    assert count(rows).tolist() == count(other).tolist() == counts_by_hand(rows, len(rows[0]))


@pytest.mark.parametrize(
    ("row", "split"),
    [
        ([5, 0, 1, 0, 4], True),
        ([5, 2, 0, 2, 5], True),
        ([3, 2, 2, 2, 3], False),  # a quarter each, but no valley between
        ([4, 1, 4, 0, 0], True),
        ([4, 2, 4, 0, 0], False),  # half as many is not fewer than half
        ([6, 6, 0, 0, 0], False),  # neighbours
        ([9, 0, 0, 0, 3], True),  # exactly a quarter
        ([10, 0, 0, 0, 3], False),  # under a quarter
        ([0, 4, 1, 3, 0], True),
        ([0, 0, 9, 0, 0], False),
        ([1, 0, 1, 0, 0], True),
        ([0, 0, 0, 0, 0], False),
    ],
)
def test_two_peaks_with_a_valley_between_are_contested(row: list[int], split: bool) -> None:
    assert contested([row]).tolist() == [split]
    assert contested([row[::-1]]).tolist() == [split]
    assert contested([[7 * n for n in row]]).tolist() == [split]


@given(rows_of_counts)
def test_contested_is_that_of_the_plain_definition(rows: list[list[int]]) -> None:
    for row, found in zip(rows, contested(rows).tolist(), strict=True):
        by_hand = any(
            4 * min(row[low], row[high]) >= sum(row)
            and any(2 * row[between] < min(row[low], row[high]) for between in range(low + 1, high))
            for low in range(5)
            for high in range(low + 2, 5)
        )
        assert found == by_hand


def test_percent_by_hand_and_an_answer_not_given_earns_nothing() -> None:
    key = keys([[2, 4, 6, 3, 0], [0, 0, 0, 5, 5]]).aggregate
    found = percent([[0, 2], [-1, None], [None, None], [2, -2]], key)
    assert found == pytest.approx([100, 100 / 3, 0, 0])


def test_items_left_unscored_and_items_nobody_judged_do_not_count() -> None:
    counts = [[5, 0, 1, 0, 4], [0, 0, 4, 2, 0], [0, 0, 0, 0, 0]]
    key, scored = keys(counts).aggregate, ~contested(counts)
    assert percent([[-2, 1, 0]], key, scored) == pytest.approx([50])
    assert percent([[-2, 1, 0]], key) == pytest.approx([75])
    assert np.isnan(percent([[1]], keys([[0] * 5]).aggregate)).all()
    assert np.isnan(percent([[-2, 1, 0]], key, [False] * 3)).all()


@given(rows=whole, data=st.data())
def test_an_answer_more_of_the_panel_gave_never_earns_less(
    rows: list[list[int]], data: st.DataObject
) -> None:
    counts = count(rows)
    item = data.draw(st.integers(0, len(counts) - 1))
    one, other = data.draw(steps), data.draw(steps)
    answers = [[0] * len(counts), [0] * len(counts)]
    answers[0][item], answers[1][item] = one, other
    first, second = percent(answers, keys(counts).aggregate)
    if counts[item, one + 2] >= counts[item, other + 2]:
        assert first >= second - 1e-9


@given(rows=gappy)
def test_each_panellist_is_scored_by_the_others(rows: list[list[int | None]]) -> None:
    by_hand = [alone_by_hand(rows, who) for who in range(len(rows))]
    assert leave_one_out(rows) == pytest.approx(by_hand, nan_ok=True)


def test_a_panellist_alone_has_no_score_by_others() -> None:
    assert np.isnan(leave_one_out([[0, 1, 2]])).all()
    assert leave_one_out([[0, None], [0, 1]]).tolist() == [100, 100]


def test_baselines_by_hand() -> None:
    judgements = [[0, 2], [0, 2], [0, 1], [1, 2], [-1, 2]]
    found = baselines(judgements)  # counts 0 1 3 1 0 and 0 0 0 1 4
    assert found.all_middle == pytest.approx(50)
    assert found.never_extreme == pytest.approx(100 * ((1 / 3 + 1 + 1 / 3) + 1 / 4) / 6)
    assert found.random == pytest.approx(100 * ((1 / 3 + 1 + 1 / 3) + (1 / 4 + 1)) / 10)
    alone = [alone_by_hand(judgements, who) for who in range(5)]
    assert found.panel_mean == pytest.approx(statistics.fmean(alone))
    assert found.panel_sd == pytest.approx(statistics.stdev(alone))
    assert found.line == pytest.approx(statistics.fmean(alone) - 2 * statistics.stdev(alone))


def test_answerers_that_were_played_out_earn_what_is_expected() -> None:
    judgements = a_panel(15, 60)
    key, found = keys(count(judgements)).aggregate, baselines(judgements)
    chance = np.random.default_rng(2)
    guesses = percent(chance.integers(-2, 3, (4000, 60)), key)
    inner = percent(chance.integers(-1, 2, (4000, 60)), key)
    assert found.random == pytest.approx(guesses.mean(), abs=0.4)
    assert found.never_extreme == pytest.approx(inner.mean(), abs=0.4)
    assert found.all_middle == pytest.approx(percent(np.zeros((1, 60)), key)[0])


def test_over_two_hundred_items_the_middle_beats_guessing_and_extremes_lose() -> None:
    # The notes' toy of this size (always 0 earns 53, random 42, always extreme 27) does not say how
    # its panel was drawn, so its order is tested and not its figures.
    judgements = a_panel(15, 200)
    found = baselines(judgements)
    extreme = percent([[-2] * 200, [2] * 200], keys(count(judgements)).aggregate).mean()
    assert extreme + 10 < found.random < found.never_extreme < found.all_middle - 5


def test_a_form_that_rewards_the_middle_says_so_and_one_with_clear_answers_does_not() -> None:
    chance = np.random.default_rng(3)
    mild = np.clip(np.round(chance.normal(0, 0.8, (12, 40))), -2, 2)
    assert "all_middle" in (baselines(mild).rewarded or ())
    clear = np.tile(np.resize([-2, 2], 40), (12, 1)) + 0.0
    clear[chance.random(clear.shape) < 0.1] = 1
    found = baselines(clear)
    assert found.rewarded == ()
    assert found.all_middle < found.line


def test_contested_items_left_out_leave_the_baselines_too() -> None:
    judgements = [[-2, 0], [-2, 0], [2, 0], [2, 1]]
    scored = ~contested(count(judgements))
    assert scored.tolist() == [False, True]
    assert baselines(judgements, scored=scored).all_middle == 100
    assert baselines(judgements).all_middle == 50


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_the_panels_error_is_that_of_a_plain_bootstrap(missing: float) -> None:
    chance = np.random.default_rng(4)
    judgements = a_panel(8, 6)
    judgements[chance.random(judgements.shape) < missing] = np.nan
    answers = chance.integers(-2, 3, (3, 6)).astype(float)
    answers[0, 0] = np.nan
    full = keys(count(judgements)).aggregate
    scores = []
    for _ in range(3000):
        drawn = keys(count(judgements[chance.integers(8, size=8)])).aggregate
        scores.append(percent(answers, np.where(np.isnan(drawn), full, drawn)))
    by_hand = np.std(scores, axis=0, ddof=1)
    assert panel_error(judgements, answers) == pytest.approx(by_hand, rel=0.12)


def test_an_item_nobody_drawn_has_judged_keeps_the_whole_panels_key() -> None:
    assert panel_error([[0, 1], [0, None]], [[0, 1]]).tolist() == [0]


def test_the_seed_decides_the_panels_error_and_the_order_of_panellists_does_not() -> None:
    judgements, answers = a_panel(9, 12), a_panel(5, 12, seed=8)
    first = panel_error(judgements, answers, seed=3)
    assert panel_error(judgements, answers, seed=3).tolist() == first.tolist()
    assert panel_error(judgements[::-1], answers, seed=3).tolist() == first.tolist()
    assert panel_error(judgements, answers[::-1], seed=3) == pytest.approx(first[::-1])
    assert panel_error(judgements, answers, seed=4).tolist() != first.tolist()


def test_a_larger_panel_leaves_less_error_and_one_of_a_mind_none() -> None:
    answers = a_panel(1, 20, seed=8)
    small = a_panel(10, 20)
    large = np.tile(small, (9, 1))
    assert panel_error(large, answers)[0] < panel_error(small, answers)[0] / 2
    assert panel_error([[1, 2]] * 6, [[1, 0]]).tolist() == [0]


def test_without_a_panel_to_draw_from_there_is_no_error() -> None:
    assert np.isnan(panel_error([[0, 1]], [[0, 1], [1, 1]])).tolist() == [True, True]
    assert np.isnan(panel_error([[0], [1]], [[0]], scored=[False])).all()
    assert panel_error([[0], [1]], np.empty((0, 1))).shape == (0,)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([[0, 3]], r"Panellist 1, item 2: 3 is no judgement"),
        ([[0, 0.5]], r"Panellist 1, item 2: 0.5 is no judgement"),
        ([0, 1], "panellists by items"),
        ([["0"]], "as a number"),
    ],
)
def test_what_is_no_judgement_is_refused(wrong: object, said: str) -> None:
    for function in (count, leave_one_out, baselines):
        with pytest.raises(StatisticsError, match=said):
            function(wrong)


@pytest.mark.parametrize("wrong", [[[1, 2, 3, 4]], [[1, 1, 1, 1, 0.5]], [[1, 1, 1, 1, None]]])
def test_counts_are_whole_numbers_of_five_options(wrong: object) -> None:
    for function in (keys, contested):
        with pytest.raises(StatisticsError, match="items by five options"):
            function(wrong)
    with pytest.raises(StatisticsError, match="Item 1, option 1: -1 is no count"):
        keys([[-1, 0, 0, 0, 2]])


def test_keys_answers_and_panels_must_fit() -> None:
    key = keys([[1, 2, 3, 2, 1]]).aggregate
    for use in (lambda: percent([[0, 1]], key), lambda: panel_error([[0], [1]], [[0, 1]])):
        with pytest.raises(StatisticsError, match="Answers to 2 items, a key of 1"):
            use()
    with pytest.raises(StatisticsError, match="Learner 1, item 1: 5 is no judgement"):
        percent([[5]], key)
    with pytest.raises(StatisticsError, match="one True or False an item"):
        percent([[0]], key, [True, False])


def test_a_key_cannot_be_written_over() -> None:
    with pytest.raises(ValueError, match="read-only"):
        keys([[1, 2, 3, 2, 1]]).modal[0] = 1
