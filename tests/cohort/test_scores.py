"""Scoring a cohort at once, beside `score` one learner at a time."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.scores import CohortScores, columns_of, score_cohort
from phbkit.cohort.simulate import simulate
from phbkit.cohort.statistics.validation import StatisticsError
from phbkit.scoring import Result, score
from phbkit.workbook.answers import check_answers
from tests.made import WORKBOOKS, careful, careless, put_right


def says_the_same(made: CohortScores, place: int, result: Result) -> None:
    """Hold one learner's scores against the notebook's, to the last digit."""
    assert dict(made.possible) == {key: result.possible(key) for key in result.keys}
    for key in result.keys:
        assert made.total(key)[place] == result.total(key) * 10_000
        assert made.percent(key)[place] == result.percent(key) * 100
    marks = [(mark.question, mark.key) for mark in result.marks]
    assert list(made.marks) == marks
    assert made.credits[place].tolist() == [mark.credit * 10_000 for mark in result.marks]
    assert made.answered[place].tolist() == [mark.answered for mark in result.marks]
    assert made.critical(place) == result.critical
    assert made.critical_count()[place] == len(result.critical)


def attempts(case: Case, seed: int, missing: float, learners: int = 6) -> list[dict[str, Any]]:
    """Simulated attempts, of which some answers are taken away."""
    chance = random.Random(seed)
    made = [attempt.answers for attempt in simulate([case], learners, seed)]
    kept = [{k: v for k, v in answers.items() if chance.random() >= missing} for answers in made]
    first = [{k: v for k, v in answers.items() if not k.endswith(".again")} for answers in kept]
    return [answers | put_right(case, answers) for answers in first]


@given(
    name=st.sampled_from(list(WORKBOOKS.values())),
    seed=st.integers(0, 10**6),
    missing=st.sampled_from([0.0, 0.2, 0.9, 1.0]),
)
@settings(max_examples=40)
def test_a_cohort_scored_at_once_is_scored_as_its_notebooks_are(
    bank: CaseBank, name: str, seed: int, missing: float
) -> None:
    case = bank.load(name)
    given_answers = attempts(case, seed, missing)
    columns = columns_of(given_answers)
    held = score_cohort(case, columns, check=check_answers)
    free = score_cohort(case, columns)
    for place, answers in enumerate(given_answers):
        says_the_same(free, place, score(case, answers))
        if place in held.refused:
            with pytest.raises(Exception, match=r"decision\.not_to"):
                check_answers(case, {"answers": answers})
        else:
            says_the_same(held, place, score(case, check_answers(case, {"answers": answers})))


@pytest.mark.parametrize("name", WORKBOOKS.values())
def test_careful_careless_and_silent_learners_get_what_score_gives(
    bank: CaseBank, name: str
) -> None:
    case = bank.load(name)
    given_answers = [careful(case), careless(case), {}]
    made = score_cohort(case, columns_of(given_answers))
    for place, answers in enumerate(given_answers):
        says_the_same(made, place, score(case, answers))
    assert made.frame()["key_percent"].tolist() == [100.0, 0.0, 0.0]


def test_a_panel_that_may_decide_gives_the_same_scores(case: Case) -> None:
    panels = tuple(replace(panel, illustrative=False) for panel in case.panels)
    real = replace(case, panels=panels)
    given_answers = attempts(real, 3, 0.1)
    made = score_cohort(real, columns_of(given_answers))
    for place, answers in enumerate(given_answers):
        says_the_same(made, place, score(real, answers))


def test_answers_that_cannot_be_taken_are_listed_apart_with_the_reason(case: Case) -> None:
    wrong = careful(case) | {"first-lean": 7}
    made = score_cohort(case, columns_of([careful(case), wrong]), check=check_answers)
    assert list(made.refused) == [1]
    assert "first-lean: must be -2, -1, 0, 1 or 2; got 7." in made.refused[1]
    assert made.frame().index.tolist() == [0]
    assert made.total()[1] == 0
    says_the_same(made, 0, score(case, careful(case)))


def test_true_is_not_taken_for_one(case: Case) -> None:
    columns = {"first-lean": [1, True, 1, -2]}
    made = score_cohort(case, columns, check=check_answers)
    assert list(made.refused) == [1]


def test_a_decision_that_leaves_out_what_was_never_planned_is_refused(case: Case) -> None:
    answers = careful(case)
    items = [item.id for item in case.about.items if item.id not in answers["plan"]]
    part = answers["decision"] | {"choice": "agree-part", "not_to": items[:1]}
    made = score_cohort(case, columns_of([answers | {"decision": part}]), check=check_answers)
    assert "which is not in the plan" in made.refused[0]


def test_columns_may_be_categories_numbers_beside_missing_ones_or_plain_lists(case: Case) -> None:
    single = next(q for q in case.questions if q.format == "single")
    told = [single.key[0], None, single.options[-1].id]
    plain = {single.id: told, "first-lean": [1, None, -2]}
    frame = pd.DataFrame(
        {single.id: pd.Categorical(told), "first-lean": np.array([1.0, np.nan, -2.0])}
    )
    one = score_cohort(case, plain, check=check_answers)
    other = score_cohort(case, frame, check=check_answers)
    assert not other.refused
    pd.testing.assert_frame_equal(one.frame(), other.frame())
    assert one.total()[0] == 10_000


def test_columns_of_different_lengths_are_told(case: Case) -> None:
    with pytest.raises(StatisticsError, match="Lengths: first-lean 2, last-lean 1"):
        score_cohort(case, {"first-lean": [1, 2], "last-lean": [1]})


def test_scores_cannot_be_written_over(case: Case) -> None:
    made = score_cohort(case, columns_of([careful(case)]))
    with pytest.raises(ValueError, match="read-only"):
        made.credits[0, 0] = 10_000
