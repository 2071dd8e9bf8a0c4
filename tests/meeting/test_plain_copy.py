"""The person's own copy: plain, to them, and with every disagreement in it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, get_args

import pytest

from phbkit.documents import document
from phbkit.documents.document import Document, Heading, Paragraph
from phbkit.meeting.acts import MeetingOutcome
from phbkit.meeting.documents import plain
from phbkit.meeting.meeting import Statement
from tests.meeting.made_record import DISSENT, empty_record, made_record

OUTCOMES = get_args(MeetingOutcome)
COPY = plain(made_record())
STATISTICS = r"median|percentile|IPRAS|index|statistic|average|distribution|linear|interpolat"


def text(made: Document) -> str:
    return document.as_text(made)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("make", [made_record, empty_record])
def test_it_holds_no_word_of_statistics(make: Any, outcome: MeetingOutcome) -> None:
    assert not re.search(STATISTICS, text(plain(make(outcome=outcome))), re.IGNORECASE)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_it_keeps_every_disagreement_by_role_in_their_words(outcome: MeetingOutcome) -> None:
    made = text(plain(made_record(outcome=outcome)))
    assert all(f"{said.role}: {said.text}" in made for said in DISSENT)


def test_the_persons_own_disagreement_is_theirs() -> None:
    made = text(plain(made_record(dissent=(Statement("The person", "Not that ward."),))))
    assert "You: Not that ward." in made


@pytest.mark.parametrize(
    ("outcome", "first", "plan"),
    [
        ("made", "The meeting made a decision.", "What will be paid for"),
        ("deferred", "There is no decision yet.", "What was talked about"),
        ("not reached", "There is no decision.", "What was talked about"),
    ],
)
def test_it_says_first_whether_there_is_a_decision(
    outcome: MeetingOutcome, first: str, plan: str
) -> None:
    made = plain(made_record(outcome=outcome))
    assert made.blocks[0] == Heading("What was decided")
    assert isinstance(made.blocks[1], Paragraph)
    assert made.blocks[1].text.startswith(first)
    assert Heading(plan) in made.blocks


@pytest.mark.parametrize("outcome", ["deferred", "not reached"])
def test_without_a_decision_nothing_sounds_settled(outcome: MeetingOutcome) -> None:
    made = text(plain(made_record(outcome=outcome)))
    assert "Nothing below is settled." in made
    assert "It would cost £637 in all. It would start on 23 November 2026." in made
    assert not re.search(r"The budget pays|It costs|It starts|you pay\b", made)


def test_it_says_what_is_paid_for_and_what_is_not() -> None:
    made = text(COPY)
    places = [
        made.index(each)
        for each in (
            "The budget pays for\n\n- Nurse visits at home, 14 times. Who does it: Alcohol",
            "Not from the budget: your usual care gives this\n\n- Thursday group",
            "Not from the budget: you pay\n\n- Fine needles and silk, once.",
            "What nothing in the plan helps with yet\n\n- Who knows is up to me",
            "The first figure was £3,200. It is an estimate. It is not a limit.",
        )
    ]
    assert places == sorted(places)


def test_it_says_you_to_the_person() -> None:
    made = text(COPY)
    assert "You, told by the facilitator: I want to be at home." in made
    assert "Speaks for you: She worries" in made
    assert "Detox at home, nurse twice daily: You: 9" in made
    assert "Who looks after this: you; the healthcare professional; the provider" in made


def test_it_shows_the_persons_last_marks_and_nobody_elses() -> None:
    made = text(COPY)
    assert "A bed in a unit: You" not in made
    assert "Pharmacist: 7" not in made
    assert "The marks you gave" not in text(plain(made_record(rated=())))


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ("notional", "Whoever gives the budget keeps the money and pays."),
        ("third-party", "A separate body keeps the money and pays."),
        ("direct-payment", "You keep the money and pay."),
    ],
)
def test_it_says_in_plain_words_how_the_money_is_kept(held: Any, told: str) -> None:
    assert f"How the money is kept: {told}" in text(plain(made_record(held=held)))


def test_it_says_who_agrees_and_not_to_what() -> None:
    made = text(COPY)
    told = "Somebody else gave this answer for you. You did not give it here."
    assert f"You\n\n{told}\n\nAnswer: yes to the plan" in made
    assert "Not to these parts: Thursday group\nWhy: I have seen no evidence" in made
    assert "The commissioner, who pays\n\nAnswer: no answer yet" in made


def test_an_answer_of_ones_own_is_not_said_to_be_somebody_else_s() -> None:
    own = tuple(replace(each, told_by="") for each in made_record().agreements)
    made = text(plain(made_record(agreements=own)))
    assert "You\n\nAnswer: yes to the plan" in made
    assert "Somebody else gave" not in made


def test_a_meeting_that_has_not_ended_settles_nothing() -> None:
    made = text(plain(made_record(closed=False)))
    assert "The meeting has not ended. Nothing below is settled." in made


def test_it_never_says_that_all_agreed_when_a_party_did_not() -> None:
    assert "Nobody wrote more than is above." in text(plain(made_record(dissent=())))
    agreed = tuple(replace(each, says="agrees") for each in made_record().agreements)
    quiet = text(plain(made_record(dissent=(), agreements=agreed)))
    assert "Nobody wrote that they did not agree." in quiet


def test_it_tells_how_to_stop_when_it_is_looked_at_again_and_what_to_do_if_not_agreed() -> None:
    made = text(COPY)
    assert "You can ask to stop." in made
    assert "We look at it again on 14 December 2026." in made
    assert "You can ask for the reasons in writing." in made
    assert "You can ask for the decision to be looked at again." in made
    assert made.endswith("The co-ordinator or the local team can tell you how.\n")


@pytest.mark.parametrize(
    ("mode", "stamp"),
    [
        ("training", "TRAINING: an invented case. Not a clinical record."),
        (
            "live",
            "PRIVATE: this is about you. This tool has not been checked for safe use in care.",
        ),
    ],
)
def test_every_copy_is_stamped(mode: Any, stamp: str) -> None:
    assert plain(made_record(mode=mode)).stamp == stamp


def test_our_own_sentences_are_short_and_their_words_are_too() -> None:
    records = [
        make(outcome=each, reasons="") for make in (made_record, empty_record) for each in OUTCOMES
    ]
    blocks = [block for record in records for block in plain(record).blocks]
    own = " ".join({block.text for block in blocks if isinstance(block, Paragraph)})
    sentences = [sentence.split() for sentence in re.split(r"[.:?!]+(?:\s|$)", own) if sentence]
    words = [word for sentence in sentences for word in sentence]
    syllables = [max(1, len(re.findall("[aeiouy]+", word.lower()))) for word in words]
    a_sentence, a_word = len(words) / len(sentences), sum(syllables) / len(words)
    assert a_sentence <= 10
    assert max(map(len, sentences)) <= 16
    assert 0.39 * a_sentence + 11.8 * a_word - 15.59 < 6  # Flesch and Kincaid's school year
