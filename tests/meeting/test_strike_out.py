"""Words that are struck out are nowhere any more, and that they were there stays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from phbkit.casebank import CaseBank
from phbkit.documents.document import as_text
from phbkit.meeting.documents import NAMES, HeldMeeting, case_of, full, make, plain
from phbkit.meeting.joining import MeetingLobby
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.pages import PARTS
from phbkit.meeting.room import SeatedReview
from phbkit.meeting.sessions import Sessions, open_sessions
from phbkit.meeting.strike_out import without
from tests.meeting.openings import LIVE

NAME = "Zebedee Quux"
TRACE = re.compile(r"\[struck out by: facilitator, \d+ \w+ 20\d\d, \d\d:\d\d\]")


def save(review: SeatedReview, act: str, ticket: str, **values: Any) -> dict[str, Any]:
    message = {"do": "save", "form": act, "ticket": ticket, "values": values}
    return review._receive(act, message)[0]


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return open_sessions(f"sqlite:///{tmp_path / 'records.sqlite'}")


@pytest.fixture
def room(sessions: Sessions, bank: CaseBank) -> dict[str, SeatedReview]:
    """A live meeting in which a chair, a GP and a title say who somebody is."""
    opened = LIVE | {"title": f"Home for {NAME}", "safeguards": f"{NAME} rings first"}
    chair = MeetingLobby(sessions, bank, live=True).open(opened, "ann", private=True)
    [session] = sessions.listed()
    gp = sessions.sit(session.id, {"role": "gp", "name": "Ann"}, after=1)
    seats = {
        name: SeatedReview(case_of(session, bank), sessions, session, seat.seat, seat.secret)
        for name, seat in (("chair", chair), ("gp", gp))
    }
    save(seats["chair"], "stage", "t1", **{"from": "gather", "to": "person"})
    save(seats["chair"], "person", "t2", seen="0", matters=f"{NAME}’s own bed. Zebedee Quuxes.")
    save(seats["chair"], "note", "t3", note="He said yes.")
    return seats


def test_words_that_are_struck_out_are_in_no_file_page_or_document(
    sessions: Sessions, room: dict[str, SeatedReview], bank: CaseBank, tmp_path: Path
) -> None:
    before = len(sessions.acts(sessions.listed()[0].id))
    room["gp"].refresh()
    shown = {name: room["gp"].part(name) for name in PARTS}
    assert NAME in str(shown["person"].html)
    assert save(room["chair"], "strike", "t4", words=NAME)["did"] == "saved"
    assert save(room["chair"], "strike", "t4", words=NAME)["did"] == "saved"
    room["gp"].refresh()
    room["gp"]._show_all()
    session = sessions.listed()[0]
    acts = sessions.acts(session.id)
    assert [(act.seq, act.act) for act in acts[before:]] == [(before + 1, "strike")]
    held = HeldMeeting(session, case_of(session, bank), acts)
    left = re.compile(rf"{NAME}(?!es)")
    for told in (*(str(part.html) for part in shown.values()), as_text(full(held.record)),
                 as_text(plain(held.record)), str(session), str(acts)):  # fmt: skip
        assert not left.search(told)
    assert TRACE.search(str(shown["person"].html))
    assert TRACE.search(as_text(full(held.record)))
    assert TRACE.search(as_text(plain(held.record)))
    assert all(make(name, held) is not None for name in NAMES if name != "review.ics")
    for file in tmp_path.iterdir():
        assert not re.search(rb"Zebedee Quux(?!es)", file.read_bytes()), file


def test_whoever_wrote_words_strikes_them_out_and_nobody_elses_and_also_after_the_end(
    sessions: Sessions, room: dict[str, SeatedReview]
) -> None:
    refused = save(room["gp"], "strike", "t4", words=NAME)
    assert refused["problems"] == {"words": "are nowhere in what you can strike out."}
    end = {"what": "not reached", "reasons": "No time.", "again_on": ""}
    assert save(room["chair"], "outcome", "t6", **end)["did"] == "saved"
    assert "ended" in save(room["chair"], "note", "t7", note="More.")["problems"][""]
    assert save(room["chair"], "strike", "t8", words=NAME)["did"] == "saved"
    assert room["chair"].meeting.ended
    assert not re.search(rf"{NAME}(?!es)", str(sessions.listed()))
    acts = sessions.acts(sessions.listed()[0].id)
    assert Meeting.of(acts).outcome == room["chair"].meeting.outcome


def test_only_whole_words_that_somebody_typed_are_struck_out() -> None:
    kept = {"safeguards": ["s.alarm", "own.0"], "says": "agrees", "items": {"alarm": {"times": 1}}}
    typed = {"reason": "He agrees, alarms and own alarm.", "seat": "alarm"}
    for words in ("agrees", "alarm", "own"):
        assert without(kept, words, "[x]") == kept
    assert without(typed, "alarm", "[x]") == typed | {"reason": "He agrees, alarms and own [x]."}
    assert len(without({"text": "ab " * 2000}, "ab", "[struck out]")["text"]) == 6000
