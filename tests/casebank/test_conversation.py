"""Conversations: what may be said at which turn, what is heard, and how it is rated."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from phbkit.casebank import CaseBank
from phbkit.casebank.conversation import Conversation
from phbkit.casebank.talk import Talk
from phbkit.decision import RULES
from tests.talking import CASE, TALK, add_talk


@pytest.fixture
def talk(bank_copy: Path) -> Talk:
    [talk] = CaseBank(add_talk(bank_copy)).load(CASE).talks
    return talk


def ids(conversation: Conversation) -> list[str]:
    return [line.id for line in conversation.sayable]


def held(talk: Talk, *said: str) -> Conversation:
    return Conversation.of(talk, said)


def test_what_was_said_leads_on_and_is_not_offered_again(talk: Talk) -> None:
    begun = Conversation.of(talk, ())
    assert ids(begun) == ["who-laughed", "good-week", "evidence", "bye"]
    assert ids(held(talk, "who-laughed")) == ["week", "worries", "promise", "who-decides", "bye"]
    assert ids(held(talk, "evidence")) == ["sorry", "more-trials", "scan", "wait", "bye"]
    assert "week" not in ids(held(talk, "good-week"))  # it was heard
    assert "worries" not in ids(held(talk, "good-week", "worries"))


def test_it_ends_when_the_clock_does_or_when_it_is_closed(talk: Talk) -> None:
    by_the_clock = held(talk, "evidence", "scan")
    assert (by_the_clock.minutes_left, by_the_clock.ended) == (0, True)
    closed = held(talk, "who-laughed", "bye")
    assert (closed.minutes_left, closed.ended) == (1, True)


def test_it_goes_as_far_as_what_was_said_could_be(talk: Talk) -> None:
    assert held(talk, "who-laughed", "sorry", "bye").said == ("who-laughed",)


def test_ratings_follow_from_what_was_said_and_never_heard_and_say_why(talk: Talk) -> None:
    good = held(talk, "good-week", "worries", "promise")
    assert good.ratings == {"listening": 9, "choosing": 9, "clarity": 7}
    bad = held(talk, "evidence", "more-trials", "bye")
    assert bad.ratings == {"listening": 0, "choosing": 0, "clarity": 0}
    assert [change.because for _, change in bad.changes] == [
        "Began with the trials.", "A printout.", "Never got to it.",
    ]  # fmt: skip
    assert [thing.id for thing in bad.missed] == ["tablets", "laughed-at", "early"]  # it cost most
    assert bad.thoughts == ("I never got to the tablets.", "It was all right.")


@pytest.mark.parametrize(
    ("there", "instead", "told"),
    [
        ("to: shut", "to: shed", "'shed', which is no turn"),
        ("hears: [early], to", "hears: [ealry], to", "'ealry', which is no thing that is heard"),
        ("voice: ", "voice: no-", "which is no voice"),
        ("minutes: 3\n", "minutes: 9\n", "fewer than two things to say after 'worries'"),
        (
            "- {id: wait,",
            "- {id: more, say: A., reply: B.}\n        - {id: wait,",
            "more than four",
        ),
        ("to: shut", "to: open", "'scan', which can never be said"),
        ("hears: [tablets],", "", "'tablets', which can never be heard"),
        ("clarity: -4", "clarity: 0", "clarity comes to between 1 and"),
        ("begins: {listening: 3", "begins: {listening: 12", "less than or equal to 9"),
        ("because: A printout.", "", "must say `because`"),
        ("minutes: 2}", "minutes: 0}", "greater than or equal to 1"),
    ],
)
def test_faults_of_a_conversation_are_found_where_they_are(
    bank_copy: Path, there: str, instead: str, told: str
) -> None:
    assert there in TALK
    found = CaseBank(add_talk(bank_copy, TALK.replace(there, instead, 1))).check(
        CASE, functions=RULES
    )["fault"]
    assert [fault for fault in found if told in str(fault) and fault.line], found


def test_who_heard_nothing_in_an_earlier_conversation_has_something_to_say(
    bank_copy: Path,
) -> None:
    file = bank_copy / "cases" / "chronic-pain-massage" / "talk.yaml"
    written = yaml.safe_load(file.read_text())
    first, *_, last = written["talks"]
    for line in next(iter(last["turns"].values())):
        line["needs"] = [first["heard"][0]["id"]]
    file.write_text(yaml.safe_dump(written, sort_keys=False))
    found = CaseBank(bank_copy).check("chronic-pain-massage", functions=RULES)["fault"]
    assert [fault for fault in found if "opening" in fault.problem]
