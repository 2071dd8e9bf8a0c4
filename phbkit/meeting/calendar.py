"""The review date of a decision, for a calendar."""

from __future__ import annotations

import datetime as dt
import uuid

from phbkit.meeting.decision_record import DecisionRecord

_SUMMARIES = {"training": "Training: care plan review", "live": "Care plan review"}


def calendar(record: DecisionRecord) -> bytes | None:
    """Make an iCalendar file of the review, a whole day; None where no date was set.

    It holds no name, no title and nothing that anybody typed, as calendars are shared. The same
    session gives the same file.
    """
    if record.review_on is None:
        return None
    from icalendar import Alarm, Calendar, Event

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _SUMMARIES[record.mode])
    alarm.add("trigger", dt.timedelta(days=-7))
    event = Event()
    event.add("uid", str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:phbkit:review:{record.session}")))
    event.add("dtstamp", dt.datetime.combine(record.held_on, dt.time(), dt.UTC))
    event.add("dtstart", record.review_on)
    event.add("dtend", record.review_on + dt.timedelta(days=1))
    event.add("summary", _SUMMARIES[record.mode])
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    event.add_component(alarm)
    made = Calendar()
    made.add("prodid", "-//phbkit//Care plan review//EN")
    made.add("version", "2.0")
    made.add_component(event)
    file: bytes = made.to_ical()
    return file
