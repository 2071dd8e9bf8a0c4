"""Scoring a cohort at once, beside `score` one learner at a time."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phbkit.casebank import Case, CaseBank
from phbkit.cohort.scores import score_cohort
from phbkit.cohort.simulate import simulate
from phbkit.scoring import Result, score
from tests.made import WORKBOOKS, careful, careless, put_right


def says_the_same(made: pd.DataFrame, place: int, result: Result) -> None:
    """Hold one learner's scores against the notebook's, to the last digit."""
    row = made.iloc[place]
    for key in result.keys:
        assert row[f"{key}_total"] == float(result.total(key))
        assert row[f"{key}_possible"] == result.possible(key)
        assert row[f"{key}_percent"] == float(result.percent(key))


def frame_of(answers: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(answers, dtype=object)


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
    made = score_cohort(case, frame_of(given_answers))
    for place, answers in enumerate(given_answers):
        says_the_same(made, place, score(case, answers))


@pytest.mark.parametrize("name", WORKBOOKS.values())
def test_careful_careless_and_silent_learners_get_what_score_gives(
    bank: CaseBank, name: str
) -> None:
    case = bank.load(name)
    given_answers = [careful(case), careless(case), {}]
    made = score_cohort(case, frame_of(given_answers))
    for place, answers in enumerate(given_answers):
        says_the_same(made, place, score(case, answers))
    assert made["key_percent"].tolist() == [100.0, 0.0, 0.0]


def test_a_panel_that_may_decide_gives_the_same_scores(case: Case) -> None:
    panels = tuple(panel.model_copy(update={"illustrative": False}) for panel in case.panels)
    real = replace(case, panels=panels)
    given_answers = attempts(real, 3, 0.1)
    made = score_cohort(real, frame_of(given_answers))
    for place, answers in enumerate(given_answers):
        says_the_same(made, place, score(real, answers))


def test_true_and_one_and_an_order_are_answers_of_their_own(case: Case) -> None:
    ranked = next(q for q in case.questions if q.format in {"ranking", "multiple", "key-features"})
    orders = [list(ranked.key), list(reversed(ranked.key)), None]
    given_answers = [{ranked.id: order} if order else {} for order in orders]
    made = score_cohort(case, frame_of(given_answers))
    for place, answers in enumerate(given_answers):
        says_the_same(made, place, score(case, answers))
