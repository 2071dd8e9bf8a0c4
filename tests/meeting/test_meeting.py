from __future__ import annotations

import itertools
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.casebank import Case, CaseBank
from phbkit.meeting.meeting import Act, Meeting
from tests.meeting.made_meeting import CASEBANK, ended, gathered, planned, rated


@pytest.fixture(scope="module")
def case() -> Case:
    return CaseBank(CASEBANK).load("alcohol-detox-at-home")


@cache
def acts_of_a_meeting() -> list[Act]:
    return ended(CaseBank(CASEBANK).load("alcohol-detox-at-home")).acts


@given(st.data())
def test_folding_acts_again_from_anywhere_changes_nothing(data: st.DataObject) -> None:
    acts = acts_of_a_meeting()
    whole = Meeting.of(acts)
    back_to = data.draw(st.integers(0, len(acts)))
    again = data.draw(st.integers(0, len(acts)))
    twice = Meeting.of(acts[:back_to])
    for act in itertools.chain(acts[:again], acts[min(back_to, again) :], acts):
        twice = twice.after(act)
    assert twice == whole


def test_nobodys_rating_can_be_had_before_the_reveal(case: Case) -> None:
    played = gathered(case)
    played.go("rate")
    played.rate("ann", 7)
    assert played.meeting.revealed(1) == {}
    assert played.meeting.rated(1) == {"ann"}
    assert set(played.meeting.mine(1, "ann").values()) == {7}
    assert played.meeting.mine(1, "ben") == {}
    played.go("reveal")
    assert set(played.meeting.revealed(1)) == {"ann"}


def test_ratings_of_the_second_round_stay_hidden_while_the_first_are_shown(case: Case) -> None:
    played = rated(case)
    played.go("rate-again")
    played.rate("ann", 3)
    assert set(played.meeting.revealed(1)) == {"ann", "ben", "cat", "dev", "eve", "pam"}
    assert played.meeting.revealed(2) == {}


def test_rating_again_before_the_reveal_replaces_and_is_not_counted_twice(case: Case) -> None:
    played = gathered(case)
    played.go("rate")
    played.rate("ann", 7)
    played.rate("ann", 2)
    played.go("reveal")
    assert list(played.meeting.revealed(1)) == ["ann"]
    assert set(played.meeting.revealed(1)["ann"].values()) == {2}


def test_somebody_who_leaves_while_others_rate_keeps_what_they_gave(case: Case) -> None:
    played = gathered(case)
    played.go("rate")
    played.rate("ann", 7)
    played.do("fay", "away", seat="ann", away="yes")
    assert "ann" not in [seat.id for seat in played.meeting.raters]
    played.go("reveal")
    assert set(played.meeting.revealed(1)) == {"ann"}


def test_an_agreement_lapses_when_the_plan_changes(case: Case) -> None:
    played = planned(case)
    seen = str(played.meeting.agreed_to)
    played.do("ann", "agreement", seen=seen, says="agrees", reason="")
    assert played.meeting.standing("professional")
    played.do("fay", "plan", seen=played.seen("plan"), items=[], held="")
    assert played.meeting.standing("professional") is None
    assert played.meeting.lapsed("professional")


def test_nothing_of_a_rating_is_in_what_a_meeting_says_of_itself(case: Case) -> None:
    played = gathered(case)
    played.go("rate")
    played.rate("ann", 7)
    assert "_ratings" not in repr(played.meeting)


def test_somebody_back_under_another_name_counts_once(case: Case) -> None:
    played = gathered(case)
    played.go("rate")
    played.rate("ann", 2)
    played.join("ann-again", "gp")
    played.rate("ann-again", 3)
    played.do("fay", "away", seat="ann", away="replaced")
    played.go("reveal")
    assert list(played.meeting.revealed(1)) == ["ann-again"]
    assert played.meeting.seats["ann"].away
