"""Scoring: figures worked out by hand from the keys and the panels' CSV files."""

from __future__ import annotations

import copy
import json
import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.casebank import Case, CaseBank, Panel
from phbkit.scoring import Result, score
from phbkit.scoring.marking import why_formative
from tests import ranking
from tests.made import careful, careless

ANSWERS: dict[str, Any] = {
    "what-to-ask-first": "b",
    "right-or-offer": "a",
    "what-it-may-not-buy": ["a", "b", "e"],
    "who-agrees": ["a", "c"],
    "cautions": ["a", "b", "d"],
    "ng193-reading": "c",
    "who-holds": "a",
    "first-lean": 0,
    "one-pain-or-three": -1,
    "denise-in-the-room": 0,
    "fair-to-others": 1,
    "bruise-rule": -2,
    "last-lean": 2,
    "what-surprised": "How quiet the others were.",
}  # opioid-bargain and the safety step's four are left out

# The counts behind each term, counted by hand: first-lean 4 of 8, one-pain 4 of 9, and so on. The
# clinicians are contested on fair-to-others (1, 6, 1, 6, 1): no term of theirs.
SUMS = {
    "key": "1 + 0 + 0.3333 + 0.6667 + 0 + 0 + 0 + 0 + 0.75 + 1 + 1 + 0 = 4.75 of 12 = 39.58 %",
    "clinicians": "0.5 + 0.4444 + 0.4286 + 0.5714 + 0.2 = 2.1444 of 5 = 42.89 %",
    "holders": "0.1429 + 1 + 0.3333 + 0.5 + 1 + 0.3333 = 3.3095 of 6 = 55.16 %",
}


@pytest.fixture(scope="module")
def result(case: Case) -> Result:
    return score(case, ANSWERS)


def test_totals_are_as_worked_out_by_hand(result: Result) -> None:
    assert {key: str(result.total(key)) for key in result.keys} == {
        "key": "4.7500",
        "clinicians": "2.1444",
        "holders": "3.3095",
    }
    assert [str(result.percent(key)) for key in result.keys] == ["39.58", "42.89", "55.16"]
    assert (result.answered, result.asked) == (14, 19)


@pytest.mark.parametrize("key", SUMS)
def test_the_sum_is_written_out_and_adds_up(result: Result, key: str) -> None:
    written = result.arithmetic(key)
    assert written == SUMS[key]
    terms, total, percent = written.split(" = ")
    assert sum(map(Fraction, terms.split(" + "))) == Fraction(total.split(" of ")[0])
    assert Decimal(percent.removesuffix(" %")) == result.percent(key)


def test_the_same_answers_give_the_same_result_and_are_left_as_they_were(case: Case) -> None:
    answers, about, questions = copy.deepcopy((ANSWERS, case.about, case.questions))
    assert score(case, answers) == score(case, answers)
    assert answers == ANSWERS
    assert (case.about, case.questions) == (about, questions)


@given(shuffle=st.randoms())
def test_the_order_of_answers_makes_no_difference(case: Case, shuffle: random.Random) -> None:
    pairs = list(ANSWERS.items())
    shuffle.shuffle(pairs)
    mixed = {key: value[::-1] if isinstance(value, list) else value for key, value in pairs}
    assert score(case, mixed).as_dict() == score(case, ANSWERS).as_dict()


def test_a_reflection_counts_as_answered_and_is_never_scored(case: Case, result: Result) -> None:
    without = score(case, {k: v for k, v in ANSWERS.items() if k != "what-surprised"})
    assert without.marks == result.marks
    assert without.answered == result.answered - 1
    assert "what-surprised" not in {mark.question for mark in result.marks}


@given(left_out=st.sets(st.sampled_from(sorted(ANSWERS))))
def test_a_missing_answer_earns_nothing_and_changes_no_other(
    case: Case, result: Result, left_out: set[str]
) -> None:
    partial = score(case, {k: v for k, v in ANSWERS.items() if k not in left_out})
    assert len(partial.marks) == len(result.marks)
    for now, before in zip(partial.marks, result.marks, strict=True):
        expected = 0 if now.question in left_out else before.credit
        assert (now.question, now.credit) == (before.question, expected)


def test_no_answers_score_nothing_of_everything(case: Case) -> None:
    empty = score(case, {})
    assert empty.as_dict()["complete"] is False
    assert [(empty.total(key), empty.possible(key)) for key in empty.keys] == [
        (0, 12),
        (0, 5),
        (0, 6),
    ]
    assert "This module has not been answered." in empty._repr_mimebundle_()["text/html"]


def test_an_illustrative_panel_is_marked_as_for_learning_only(result: Result) -> None:
    scores = result.as_dict()["scores"]
    for panel in ("clinicians", "holders"):
        assert scores[panel]["formative_only"].startswith("the panel is illustrative")
    assert scores["key"]["formative_only"] == ""


def test_a_result_goes_through_json_to_the_last_digit(result: Result) -> None:
    data = json.loads(json.dumps(result.as_dict()))
    assert data == result.as_dict()
    assert data["scores"]["clinicians"]["total"] == "2.1444"
    assert [q["credit"] for q in data["questions"] if q["question"] == "cautions"] == ["0.7500"]


def test_a_contested_panel_counts_neither_in_total_nor_in_possible(result: Result) -> None:
    assert result.contested == (("fair-to-others", "clinicians"),)
    assert result.as_dict()["contested"] == [{"question": "fair-to-others", "panel": "clinicians"}]
    keys = [mark.key for mark in result.marks if mark.question == "fair-to-others"]
    assert keys == ["holders"]
    assert (result.possible("clinicians"), result.possible("holders")) == (5, 6)
    assert "fair-to-others beside clinicians" in result._repr_mimebundle_()["text/html"]


@given(levels=st.dictionaries(st.sampled_from(["right-or-offer", "cautions"]), st.integers(1, 3)))
def test_how_sure_changes_no_score_and_is_listed_with_what_was_earned(
    case: Case, result: Result, levels: dict[str, int]
) -> None:
    sure = score(case, ANSWERS | {f"{question}.sure": n for question, n in levels.items()})
    assert sure.as_dict() == result.as_dict() | {"certainty": sure.as_dict()["certainty"]}
    earned = {"right-or-offer": "0.0000", "cautions": "0.7500"}
    assert sure.as_dict()["certainty"] == [
        {"question": question, "level": levels[question], "credit": earned[question]}
        for question in earned
        if question in levels
    ]
    column = sure.frame()["sure"].dropna()
    assert {question: n for (question, _), n in column.items()} == levels


def test_how_sure_of_an_answer_that_was_not_given_counts_for_nothing(case: Case) -> None:
    alone = score(case, {"cautions.sure": 3})
    assert (alone.as_dict()["certainty"], alone.answered, alone.total()) == ([], 0, 0)
    assert alone.frame()["sure"].isna().all()


def test_calibration_counts_by_level_the_surest_first(bank: CaseBank) -> None:
    case = bank.load("know-the-deal")
    answers = careful(case) | {"dearer-plan": "b"}
    assert score(case, answers).calibration == ((3, 1, 0, 1),)
    answers |= {"three-things-to-ask": ["b"], "three-things-to-ask.sure": 1}
    assert score(case, answers).calibration == ((3, 0, 0, 1), (1, 0, 1, 0))
    assert score(case, {}).calibration == ()


def test_a_text_with_a_rubric_waits_for_a_marker_and_is_never_scored(bank: CaseBank) -> None:
    case = bank.load("mental-health")
    answers = careful(case) | {"whose-fear": "Mine, and Latha's."}
    found = json.loads(json.dumps(score(case, answers).as_dict()))["for_marking"]
    assert [(text["question"], text["text"]) for text in found] == [
        ("whose-fear", "Mine, and Latha's.")
    ]
    assert [set(criterion) for criterion in found[0]["rubric"]] == [{"id", "asks", "most"}] * 3
    assert [criterion["most"] for criterion in found[0]["rubric"]] == [2, 2, 1]
    del answers["whose-fear"]
    assert score(case, answers).as_dict()["for_marking"] == []


def test_a_reflection_without_a_rubric_waits_for_nobody(result: Result) -> None:
    assert result.as_dict()["for_marking"] == []


def test_a_ranking_and_key_features_are_marked_by_their_own_rules(ranked_bank: CaseBank) -> None:
    connie, deal = ranked_bank.load(ranking.CASE), ranked_bank.load("know-the-deal")

    def earned(case: Case, answers: dict[str, Any]) -> str:
        [question] = answers
        [mark] = [mark for mark in score(case, answers).marks if mark.question == question]
        return f"{mark.format} {mark.credit}"

    assert earned(connie, {ranking.RANKED: list("abedc")}) == "ranking 0.8333"
    assert earned(deal, {"three-things-to-ask": ["b", "a"]}) == "key-features 0.3333"
    assert earned(deal, {"three-things-to-ask": list("abdg")}) == "key-features 0.0000"
    assert score(connie, careful(connie)).percent() == 100
    assert score(connie, careless(connie)).percent() == 0


def real_panel(rows: list[tuple[int, ...]]) -> Panel:
    columns = list(zip(*rows, strict=True))
    given = {f"q{place}": column for place, column in enumerate(columns)}
    about = {"id": "p", "title": "A panel", "file": "p.csv", "illustrative": False, "note": "N"}
    return Panel(**about, judgements=given, roles=("GP",) * len(rows))


def test_a_form_that_rewards_whoever_judges_nothing_is_for_learning_only() -> None:
    timid = real_panel([(0, 0, 1, 0, 0, -1)] * 6 + [(0, 1, 0, 0, -1, 0)] * 6)
    assert "all middle" in why_formative(timid)
    sharp = real_panel([(-2, 2, 2, -2, 2, -2)] * 6 + [(-2, 2, 1, -2, 2, -1)] * 6)
    assert why_formative(sharp) == ""


def test_a_small_panel_says_so_before_its_form_is_looked_at() -> None:
    assert "fewer than 10" in why_formative(real_panel([(0, 0, 1)] * 9))
