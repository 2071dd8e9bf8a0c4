"""What gives keys away: worked out by hand on made questions, and held for the whole bank."""

from __future__ import annotations

import pytest

from phbkit.casebank import CaseBank
from phbkit.casebank.checks.questions import facts_in
from phbkit.casebank.models import Option, Question
from phbkit.cohort.construct import (
    FEWEST_QUESTIONS,
    MOST_BY_CUE,
    cues,
    four_option,
    keys_only,
    report,
)


def question(key: str, *texts: str) -> Question:
    options = tuple(Option(id=i, text=t) for i, t in zip("abcd", texts, strict=True))
    return Question(
        id="q", step="deal", format="single", stem="S", options=options, key=(key,)
    )  # fmt: skip


def test_a_cue_counts_what_whoever_follows_it_gets_right() -> None:
    asked = [
        question("a", "Ask her twice over", "Tell her", "Tell him", "Wait"),  # longest: right
        question("b", "Wait for a long time now", "Ask him", "Ask her", "Go"),  # longest: wrong
        question("c", "Go on", "Go in", "Go by", "Go up"),  # all as long: one in four
    ]
    found = cues(asked)
    assert found["the longest option"] == pytest.approx((1 + 0 + 1 / 4) / 3)
    # Opens with "ask": the only one, one of two, and nobody: one in four.
    assert found["opens with 'ask'"] == pytest.approx((1 + 1 / 2 + 1 / 4) / 3)
    assert found["has 'her'"] == pytest.approx((1 / 2 + 0 + 1 / 4) / 3)


def test_a_word_of_many_keys_and_of_no_other_option_is_told() -> None:
    asked = [question("d", "Go on", "Tell her", "Wait", f"Consider day {n}") for n in range(4)]
    assert keys_only(asked) == ["consider", "day"]
    assert keys_only(asked[:3]) == []
    assert keys_only([*asked, question("a", "Stop", "Ask", "Consider it", "Wait a day")]) == []


def test_no_single_cue_picks_the_keys_of_the_shipped_bank(bank: CaseBank) -> None:
    cases = [bank.load(case_id) for case_id in bank.case_ids]
    for some in [cases, *([case] for case in cases)]:
        asked = four_option(some)
        if len(asked) >= FEWEST_QUESTIONS:
            cue, share = max(cues(asked).items(), key=lambda each: each[1])
            assert share <= MOST_BY_CUE, (some, cue, share)
    assert "MEND" not in report(cases)


def test_every_concordance_question_adds_one_fact(bank: CaseBank) -> None:
    asked = [q for case_id in bank.case_ids for q in bank.load(case_id).questions if q.learn]
    assert [q.id for q in asked if facts_in(q) != 1] == []


def test_not_every_panel_ends_in_a_yes(bank: CaseBank) -> None:
    last = []
    for case in map(bank.load, bank.case_ids):
        again = [question.id for question in case.questions if question.again]
        last += [sum(p.judgements[q]) / p.size for q in again for p in case.panels]
    assert any(mean < 0 for mean in last)
    assert any(mean > 0 for mean in last)
