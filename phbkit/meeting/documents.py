"""The documents of a meeting: for the file, for the person, for the diary, for another program."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phbkit.casebank import Case, CaseBank
from phbkit.documents import document
from phbkit.errors import AnswersError
from phbkit.meeting import calendar
from phbkit.meeting.decision_record import DecisionRecord
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.record_document import full, plain
from phbkit.meeting.recording import decision_record
from phbkit.meeting.roles import FACILITATOR, ROLES
from phbkit.meeting.sessions import ReviewSession
from phbkit.meeting.subject import local_case
from phbkit.records import Act

FORMAT = "phbkit-review/1"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FOR_PERSON = ("copy.docx", "copy.pdf", "review.ics")


@dataclass(frozen=True)
class Held:
    """A session with its case, its acts and what they add up to."""

    session: ReviewSession
    case: Case
    acts: Sequence[Act]

    @property
    def meeting(self) -> Meeting:
        """The meeting, folded from its acts."""
        return Meeting.of(self.acts)

    @property
    def record(self) -> DecisionRecord:
        """The decision record."""
        return decision_record(self.session.id, self.meeting, self.case)


def case_of(session: ReviewSession, bank: CaseBank) -> Case:
    """Return the case a session is about: from the bank, or as it was described at the door."""
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


def _json(held: Held) -> bytes:
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


_MAKERS: dict[str, tuple[str, Callable[[Held], bytes | None]]] = {
    "record.docx": (WORD, lambda held: document.as_word(full(held.record))),
    "record.pdf": (
        "application/pdf",
        lambda held: document.as_pdf(full(held.record)),
    ),
    "record.json": ("application/json", _json),
    "copy.docx": (WORD, lambda held: document.as_word(plain(held.record))),
    "copy.pdf": (
        "application/pdf",
        lambda held: document.as_pdf(plain(held.record)),
    ),
    "review.ics": ("text/calendar", lambda held: calendar.calendar(held.record)),
}
NAMES = tuple(_MAKERS)


def make(name: str, held: Held) -> tuple[str, bytes] | None:
    """Make one document: its media type and its bytes; None where there is nothing to put in it."""
    kind, maker = _MAKERS[name]
    made = maker(held)
    return None if made is None else (kind, made)


def file_name(name: str, session: ReviewSession) -> str:
    """Name the file of a document by meeting and day; a live meeting by its number alone."""
    about = session.case_id if session.mode == "training" else session.id[:8]
    return f"review-{about}-{session.opened.astimezone().date()}-{name}"


def read_held(file: Path, bank: CaseBank) -> Held:
    """Read a meeting back from its JSON document.

    Raises
    ------
    AnswersError
        The file is not the record of a meeting.
    """
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        told = data["session"]
        session = ReviewSession(
            told["id"],
            "",
            told["case"],
            told["mode"],
            told["subject"],
            dt.datetime.fromisoformat(told["opened"]),
            None,
        )
        acts = [
            Act(a["seq"], a["seat"], a["act"], a["data"], dt.datetime.fromisoformat(a["at"]), "")
            for a in data["acts"]
        ]
        held = Held(session, case_of(session, bank), acts)
        _ = held.record
    except (OSError, ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
        problem = "is not the record of a meeting: take the JSON document that a meeting ends with."
        raise AnswersError(problem, place=str(file)) from error
    return held
