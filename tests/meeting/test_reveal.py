"""What the reveal says of ratings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phbkit.casebank import Case, CaseBank
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.ratings import RatedItem, RoleRating
from phbkit.meeting.reveal import is_split, moved, rated_items, spread, to_discuss
from tests.meeting.made_meeting import CASEBANK, TEAM, Played, gathered

MARKS = st.integers(1, 9) | st.just("cannot-say")


@pytest.fixture(scope="module")
def case() -> Case:
    return CaseBank(CASEBANK).load("alcohol-detox-at-home")


@pytest.fixture(scope="module")
def rating(case: Case) -> Played:
    played = gathered(case)
    played.join("sam", "speaks-for")
    played.go("rate")
    return played


def after(played: Played, marks: dict[str, int | str]) -> Meeting:
    """The meeting once these people have given these marks to everything, and they are shown."""
    again = Played(played.case)
    again.acts = list(played.acts)
    for seat, mark in marks.items():
        again.rate(seat, mark)
    again.go("reveal")
    return again.meeting


@given(pam=MARKS, sam=MARKS, team=st.lists(MARKS, min_size=5, max_size=5))
def test_the_person_s_marks_are_in_no_figure(
    rating: Played, pam: int | str, sam: int | str, team: list[int | str]
) -> None:
    given = dict(zip(TEAM, team, strict=True))
    without = rated_items(after(rating, given), 1)
    with_person = rated_items(after(rating, {**given, "pam": pam, "sam": sam}), 1)
    assert [replace(item, person=()) for item in with_person] == list(without)
    assert [mark.role for mark in with_person[0].person] == [
        "The person",
        "Speaks for the person",
    ]


def test_too_few_marks_have_no_median_and_the_words_say_so(rating: Played) -> None:
    item = rated_items(after(rating, {"ann": 1, "ben": 9}), 1)[0]
    assert (item.median, item.index, item.disagreement) == (None, None, None)
    assert item.verdict == "Too few ratings for a median (2; it takes 3)"
    assert is_split(item)


def test_marks_of_those_who_cannot_say_are_told_and_not_counted(rating: Played) -> None:
    marks: dict[str, int | str] = {"ann": 4, "ben": "cannot-say", "pam": "cannot-say"}
    item = rated_items(after(rating, marks), 1)[0]
    assert spread(item) == "Team: 1 gave 4, 1 could not say. The person’s side: cannot say."


def test_only_the_person_rating_still_shows_the_person(rating: Played) -> None:
    item = rated_items(after(rating, {"pam": 9}), 1)[0]
    assert item.median is None
    assert item.person == (RoleRating("The person", 9),)


def test_where_the_person_stands_elsewhere_is_talked_about_though_the_team_agrees(
    rating: Played,
) -> None:
    team: dict[str, int | str] = dict.fromkeys(TEAM, 3)
    agreeing = rated_items(after(rating, team), 1)
    assert to_discuss(agreeing) == ()
    apart = rated_items(after(rating, {**team, "pam": 9}), 1)
    assert len(to_discuss(apart)) == len(apart)


def test_in_a_small_room_the_widest_gap_to_the_person_is_talked_about_first(rating: Played) -> None:
    pair: dict[str, int | str] = {"ann": 6, "ben": 8}
    assert to_discuss(rated_items(after(rating, {**pair, "pam": 8}), 1)) == ()
    pair["ann"] = 5  # each may be the one who says no
    items = rated_items(after(rating, {**pair, "pam": 8}), 1)
    near, far = items[0], replace(items[1], person=(RoleRating("The person", 9),))
    assert [item.title for item in to_discuss((near, far))] == [far.title, near.title]


def test_what_moved_is_told_thing_by_thing(case: Case) -> None:
    played = gathered(case)
    played.go("rate")
    for seat in TEAM:
        played.rate(seat, 3)
    played.go("reveal")
    assert moved(played.meeting) == ()
    played.go("rate-again")
    for seat, mark in zip(TEAM, (3, 3, 8, 8, 8), strict=True):
        played.rate(seat, mark)
    played.go("reveal-again")
    told = moved(played.meeting)
    assert len(told) == len(played.meeting.things)
    ending = "went from 3 to 8; 3 people of 5 changed their mark; they now disagree."
    assert told[0].endswith(ending)


@given(st.permutations(range(5)))
def test_a_picture_does_not_depend_on_who_sits_where(order: list[int]) -> None:
    marks = [RoleRating("Nurse", rating) for rating in (1, 5, 5, 9, None)]
    item = RatedItem("x", "option", 1, tuple(marks), (), 5, 4, 6, 0.5, False, "")
    assert spread(replace(item, team=tuple(marks[place] for place in order))) == spread(item)
