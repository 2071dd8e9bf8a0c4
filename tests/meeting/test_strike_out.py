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
from phbkit.meeting.subject import candidates, read_subject
from tests.meeting.made_meeting import WATCHED, Played, all_held
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


def typed_everywhere(bank: CaseBank) -> Played:
    """A meeting with a name in every text that one of its acts takes."""
    played = Played(bank.load("alcohol-detox-at-home"), title=NAME, mode="live")
    for seat, role in (("ann", "gp"), ("eve", "commissioner")):
        played.join(seat, role)
    played.acts[1].data["name"] = NAME
    own = {"own.0.title": NAME, "own.0.kind": "safeguard"}
    first = candidates(played.case)[0].id
    played.do("fay", "things", seen=played.seen("things"), things=[first], **own)
    played.go("person")
    played.do("fay", "person", not_asked=NAME)
    played.do("fay", "person", matters=NAME, worries=NAME)
    played.go("rate")
    played.rate("ann", 5)
    played.go("reveal")
    played.do("fay", "note", note=NAME)
    played.do("ann", "dissent", dissent=NAME)
    played.go("agree")
    watched = dict.fromkeys(("coordinator", "triggers", "stop_rule"), NAME)
    item = played.case.about.items[0].id
    plan = {"items": [item], "safeguards": ["own.0"], **WATCHED, **watched}
    played.do("fay", "plan", seen="0", **plan)
    risk = dict.fromkeys(("consequence", "affects", "mitigation", "stop_rule", "review"), NAME)
    risks = {f"risks.own.0.{name}": text for name, text in risk.items()} | all_held(played.case)
    played.do("fay", "ledger", seen="0", **risks)
    seen = {"seen": str(played.meeting.agreed_to)}
    part = {"says": "agrees in part", "not_to": ["own.0"], "reason": NAME}
    played.do("ann", "agreement", **seen, **part)
    played.do("fay", "agreement", **seen, says="agrees", party="person", who=NAME)
    played.do("fay", "outcome", what="not reached", reasons=NAME, sole=NAME)
    return played


def test_words_are_struck_out_of_every_text_that_an_act_or_an_opening_takes(bank: CaseBank) -> None:
    lines = dict.fromkeys(("title", "called", "outcomes", "safeguards"), NAME)
    subject = read_subject(LIVE | lines | {"options": f"{NAME}; £24.50; 260"})
    for data in (subject, *(act.data for act in typed_everywhere(bank).acts)):
        left = without(data, NAME, "[x]")
        assert str(left).count("[x]") == str(data).count(NAME), data
