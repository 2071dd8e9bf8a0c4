"""The documents of a meeting: for the file, for the person, for the diary, for another program."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from phbkit.casebank import Case, CaseBank
from phbkit.documents import document
from phbkit.errors import AnswersError
from phbkit.meeting.decision_record import DecisionRecord, decision_record
from phbkit.meeting.meeting import Act, Meeting
from phbkit.meeting.record_document import full, plain
from phbkit.meeting.roles import FACILITATOR, ROLES
from phbkit.meeting.sessions import ReviewSession
from phbkit.meeting.subject import local_case

FORMAT = "phbkit-review/1"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
FOR_PERSON = ("copy.docx", "copy.pdf", "review.ics")


@dataclass(frozen=True)
class HeldMeeting:
    """A session with its case, its acts and what they add up to."""

    session: ReviewSession
    case: Case
    acts: Sequence[Act]

    @cached_property
    def record(self) -> DecisionRecord:
        """The decision record."""
        return decision_record(self.session.id, self.meeting, self.case)

    @cached_property
    def meeting(self) -> Meeting:
        """The meeting, folded from its acts."""
        return Meeting.of(self.acts)


def case_of(session: ReviewSession, bank: CaseBank) -> Case:
    """Return the case a session is about: from the bank, or as it was described at the opening."""
    if session.subject is None:
        return bank.load(session.case_id)
    return local_case(bank.load(bank.case_ids[0]), session.subject, session.opened.date())


def for_the_file(acts: Sequence[Act]) -> list[Act]:
    """Leave in acts what everybody has seen: no names, no marks that were never shown.

    Of marks that were changed, words that were changed and disagreements that were taken back,
    only the last stand. Seats are numbered in order of role, so that they say no more than roles.
    """
    meeting = Meeting.of(acts)
    order = [FACILITATOR, *ROLES]
    seats = sorted(meeting.seats, key=lambda seat: (order.index(meeting.seats[seat].role), seat))
    number = {seat: f"s{place}" for place, seat in enumerate(seats, start=1)}
    last = {_place(act): act.seq for act in acts}
    shown = [
        act
        for act in acts
        if (act.act not in {"rate", "dissent", "person"} or last[_place(act)] == act.seq)
        and (act.act != "rate" or act.seat in meeting.revealed(act.data["round"]))
        and (act.act != "dissent" or act.data["text"])
    ]
    return [
        Act(seq, number[act.seat], act.act, _nameless(act.data, number), act.at, "")
        for seq, act in enumerate(shown, start=1)
    ]


def _place(act: Act) -> tuple[str, str, int]:
    return act.act, act.seat, act.data.get("round", 0)


def _nameless(data: dict[str, Any], number: dict[str, str]) -> dict[str, Any]:
    kept = {name: number.get(value, value) if isinstance(value, str) else value
            for name, value in data.items()}  # fmt: skip
    return kept | {"name": ""} if "name" in data else kept


def _json(held: HeldMeeting) -> bytes:
    session = held.session
    whole = {
        "format": FORMAT,
        "session": {
            "id": session.id,
            "case": session.case_id,
            "mode": session.mode,
            "subject": session.subject,
            "opened": session.opened.isoformat(),
        },
        "record": held.record.as_json(),
        "acts": [
            {"seq": a.seq, "seat": a.seat, "act": a.act, "data": a.data, "at": a.at.isoformat()}
            for a in for_the_file(held.acts)
        ],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False).encode()


def calendar(record: DecisionRecord) -> bytes | None:
    """Make an iCalendar file of the review, a whole day; None where no date was set.

    It holds no name, no title and nothing that anybody typed, as calendars are shared. The same
    session gives the same file.
    """
    if record.review_on is None:
        return None
    from icalendar import Alarm, Calendar, Event

    summary = "Care plan review" if record.mode == "live" else "Training: care plan review"
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:phbkit:review:{record.session}")
    alarm, event, file = Alarm(), Event(), Calendar()
    for component, name, value in (
        (alarm, "action", "DISPLAY"),
        (alarm, "description", summary),
        (alarm, "trigger", dt.timedelta(days=-7)),
        (event, "uid", str(identity)),
        (event, "dtstamp", dt.datetime.combine(record.held_on, dt.time(), dt.UTC)),
        (event, "dtstart", record.review_on),
        (event, "dtend", record.review_on + dt.timedelta(days=1)),
        (event, "summary", summary),
        (event, "class", "PRIVATE"),
        (event, "transp", "TRANSPARENT"),
        (file, "prodid", "-//phbkit//Care plan review//EN"),
        (file, "version", "2.0"),
    ):
        component.add(name, value)
    event.add_component(alarm)
    file.add_component(event)
    return bytes(file.to_ical())


_MAKERS: dict[str, tuple[str, Callable[[HeldMeeting], bytes | None]]] = {
    "record.docx": (WORD, lambda held: document.as_word(full(held.record))),
    "record.pdf": (PDF, lambda held: document.as_pdf(full(held.record))),
    "record.json": ("application/json", _json),
    "copy.docx": (WORD, lambda held: document.as_word(plain(held.record))),
    "copy.pdf": (PDF, lambda held: document.as_pdf(plain(held.record))),
    "review.ics": ("text/calendar", lambda held: calendar(held.record)),
}
NAMES = tuple(_MAKERS)


def make(name: str, held: HeldMeeting) -> tuple[str, bytes] | None:
    """Make one document: its media type and its bytes; None where there is nothing to put in it."""
    kind, maker = _MAKERS[name]
    content = maker(held)
    return None if content is None else (kind, content)


def file_name(name: str, session: ReviewSession) -> str:
    """Name the file of a document by meeting and day; a live meeting by its number alone."""
    about = session.case_id if session.mode == "training" else session.id[:8]
    return f"review-{about}-{session.opened.astimezone().date()}-{name}"


def read_meeting(file: Path, bank: CaseBank) -> HeldMeeting:
    """Read a meeting back from its JSON document.

    Raises
    ------
    AnswersError
        The file is not the record of a meeting.
    """
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        kept = data["session"]
        opened = dt.datetime.fromisoformat(kept["opened"])
        session = ReviewSession(
            kept["id"], "", kept["case"], kept["mode"], kept["subject"], opened, None
        )
        acts = [
            Act(a["seq"], a["seat"], a["act"], a["data"], dt.datetime.fromisoformat(a["at"]), "")
            for a in data["acts"]
        ]
        held = HeldMeeting(session, case_of(session, bank), acts)
        _ = held.record
    except (OSError, ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
        problem = "is not the record of a meeting: take the JSON document that a meeting ends with."
        raise AnswersError(problem, place=str(file)) from error
    return held
