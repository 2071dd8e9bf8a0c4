"""The review date as a calendar file."""

from __future__ import annotations

import datetime as dt
from typing import Any

import icalendar

from phbkit.meeting.documents import calendar
from tests.meeting.made_record import made_record


def event(**changes: Any) -> Any:
    made = calendar(made_record(**changes))
    assert made
    return icalendar.Calendar.from_ical(made).walk("VEVENT")[0]


def test_the_review_is_one_whole_day_with_an_alarm_a_week_before() -> None:
    found = event()
    assert (found.decoded("dtstart"), found.decoded("dtend")) == (
        dt.date(2026, 12, 14),
        dt.date(2026, 12, 15),
    )
    alarm = found.walk("VALARM")[0]
    assert alarm.decoded("trigger") == dt.timedelta(days=-7)
    assert alarm["action"] == "DISPLAY"


def test_a_calendar_names_neither_the_person_nor_the_case() -> None:
    for mode in ("live", "training"):
        made = calendar(made_record(mode=mode, title="Kerry Dunmore", about="Kerry Dunmore"))
        assert made
        assert b"Kerry" not in made
    assert event(mode="live")["summary"] == "Care plan review"
    assert event(mode="training")["summary"] == "Training: care plan review"


def test_it_holds_nothing_that_anybody_typed() -> None:
    made = calendar(made_record())
    assert made
    whole = made.replace(b"\r\n ", b"").decode()
    for typed in ("Any drink", "Alcohol nurse", "Kerry", "Session on"):
        assert typed not in whole


def test_the_same_session_makes_the_same_file_and_another_its_own() -> None:
    assert calendar(made_record()) == calendar(made_record())
    assert event()["uid"] == event(review_on=dt.date(2027, 1, 4))["uid"]
    assert event()["uid"] != event(session="another")["uid"]
    assert event().decoded("dtstamp") == dt.datetime(2026, 11, 2, tzinfo=dt.UTC)


def test_no_date_makes_no_file() -> None:
    assert calendar(made_record(review_on=None)) is None


def test_lines_end_and_are_folded_as_calendars_want_them() -> None:
    made = calendar(made_record())
    assert made
    assert made.endswith(b"\r\n")
    assert b"\n" not in made.replace(b"\r\n", b"")
    assert max(map(len, made.split(b"\r\n"))) <= 75
