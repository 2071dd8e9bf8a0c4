"""The documents of a meeting: for the file, for the person, for the diary, for another program.

What the first two say is in `templates/documents`, as HTML of headings, paragraphs, lists, names
with their texts, and tables. It is read into the blocks that Word and PDF are made of. The template
escapes what people typed and the reader unescapes it, so that it is text in every format.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment
from pydantic import TypeAdapter

from phbkit.casebank import Case, CaseBank
from phbkit.documents import document
from phbkit.documents.document import Block, Bullets, Document, Fields, Heading, Paragraph, Table
from phbkit.errors import AnswersError
from phbkit.meeting.decision_record import DecisionRecord, decision_record
from phbkit.meeting.meeting import Act, Meeting
from phbkit.meeting.roles import ORDER, WORDS
from phbkit.meeting.sessions import ReviewSession
from phbkit.meeting.subject import local_case
from phbkit.text import pounds, templates
from phbkit.workbook.plan_steps import HELD

FORMAT = "phbkit-review/1"
FOR_EVERYBODY = ("review.ics",)
FOR_PERSON = ("copy.docx", "copy.pdf", *FOR_EVERYBODY)
_NO_RECORD = (
    OSError, ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError
)  # fmt: skip
_ACTS = TypeAdapter(list[Act])
_THE_PERSON = re.compile(r"\b[Tt]he person\b(?!['’])")


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


def full(record: DecisionRecord) -> Document:
    """Make the record that goes on file, with everything that was said, rated and not agreed."""
    return _document("full", record)


def plain(record: DecisionRecord) -> Document:
    """Make the person's own copy. It keeps every disagreement, and leaves the statistics out."""
    return _document("plain", record)


def _document(name: str, record: DecisionRecord) -> Document:
    """Read HTML into blocks: `h1`, `header` and `aside` are title, subtitle and stamp."""
    from lxml import etree

    html = _environment().get_template(f"{name}.html.j2").render(record=record)
    title, subtitle, stamp, *elements = etree.fromstring(f"<body>{document.clean(html)}</body>")
    head = (_text(title), tuple(map(_block, elements)), _text(subtitle), _text(stamp))
    return Document(*head, day=record.held_on)


def _block(element: Any) -> Block:
    match element.tag:
        case "h2" | "h3":
            return Heading(_text(element), 2 if element.tag == "h2" else 3)
        case "ul":
            return Bullets(_texts(element))
        case "dl":
            return Fields(tuple(zip(_texts(element[::2]), _texts(element[1::2]), strict=True)))
        case "table":
            caption, header, *rows = element
            widths = tuple(map(float, element.get("data-widths").split()))
            return Table(_text(caption), _texts(header), widths, tuple(map(_texts, rows)))
    return Paragraph(_text(element))


def _texts(elements: Iterable[Any]) -> tuple[str, ...]:
    return tuple(map(_text, elements))


def _text(element: Any) -> str:
    return "".join(element.itertext())


def _to_you(role: str) -> str:
    """Speak to the person: “Speaks for the person” becomes “Speaks for you”."""
    return _THE_PERSON.sub(lambda match: "You" if match[0][0] == "T" else "you", role)


def _short_date(day: dt.date) -> str:
    """Write a day for a narrow column, and keep it on one line."""
    return f"{day.day}\xa0{day:%b}\xa0{day.year}"


def _pence(amount: Decimal) -> str:
    """Write an amount for the file: always with its pence."""
    text = pounds(amount)
    return text if "." in text else f"{text}.00"


@cache
def _environment() -> Environment:
    environment = templates(Path(__file__).parent / "templates/documents")
    environment.globals.update(held_words=HELD, told_by_words=WORDS["told_by"])
    environment.filters.update(pence=_pence, short_date=_short_date, to_you=_to_you)
    return environment


def for_the_file(acts: Sequence[Act]) -> list[Act]:
    """Leave in acts what everybody has seen: no names, no marks that were never shown.

    Of marks that were changed, words that were changed and disagreements that were taken back,
    only the last stand. Seats are numbered in order of role, so that they say no more than roles.
    """
    meeting = Meeting.of(acts)
    seats = sorted(meeting.seats, key=lambda seat: (ORDER.index(meeting.seats[seat].role), seat))
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
        Act(seq, number[act.seat], act.act, _nameless(act.data, number), act.at)
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
        "acts": _ACTS.dump_python(for_the_file(held.acts), mode="json"),
    }
    return json.dumps(whole, indent=1, ensure_ascii=False).encode()


def calendar(record: DecisionRecord) -> bytes | None:
    """Make an iCalendar file of the review, a whole day; None where no date was set.

    It holds no name, no title and nothing that anybody typed, as calendars are shared. The same
    session gives the same file.
    """
    if record.review_on is None:
        return None
    from icalendar import CLASS, TRANSP, Alarm, Calendar, Event

    summary = "Care plan review" if record.mode == "live" else "Training: care plan review"
    alarm = Alarm.new(description=summary)
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", dt.timedelta(days=-7))
    event = Event.new(
        uid=uuid.uuid5(uuid.NAMESPACE_URL, f"urn:phbkit:review:{record.session}"),
        stamp=dt.datetime.combine(record.held_on, dt.time(), dt.UTC),
        start=record.review_on,
        end=record.review_on + dt.timedelta(days=1),
        summary=summary,
        classification=CLASS.PRIVATE,
        transparency=TRANSP.TRANSPARENT,
        subcomponents=[alarm],
    )
    calendar = Calendar()
    calendar.add("prodid", "-//phbkit//Care plan review//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


_MAKERS: dict[str, tuple[str, Callable[[HeldMeeting], bytes | None]]] = {
    "record.docx": (document.WORD, lambda held: document.as_word(full(held.record))),
    "record.pdf": (document.PDF, lambda held: document.as_pdf(full(held.record))),
    "record.json": ("application/json", _json),
    "copy.docx": (document.WORD, lambda held: document.as_word(plain(held.record))),
    "copy.pdf": (document.PDF, lambda held: document.as_pdf(plain(held.record))),
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
        There is no such file, or it is not the record of a meeting.
    """
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        kept = data["session"]
        opened = dt.datetime.fromisoformat(kept["opened"])
        session = ReviewSession(kept["id"], "", kept["case"], kept["mode"], kept["subject"], opened)
        acts = _ACTS.validate_python(data["acts"])
        held = HeldMeeting(session, case_of(session, bank), acts)
        _ = held.record
    except FileNotFoundError:
        raise AnswersError("is not there.", place=str(file)) from None
    except _NO_RECORD as error:
        problem = "is not the record of a meeting: take the JSON document that a meeting ends with."
        raise AnswersError(problem, place=str(file)) from error
    return held
