"""Kernels that die, a locked database, thirty people at once: nothing lost, nothing twice."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from phbkit.casebank import Case, CaseBank
from phbkit.errors import AnswersError
from phbkit.meeting import documents
from phbkit.meeting.checks import MOST_SEATS, check_join
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.reveal import rated_items
from phbkit.meeting.room import SeatedReview
from phbkit.meeting.sessions import Seated, Sessions, open_sessions
from phbkit.meeting.subject import usual_things
from phbkit.records.database import open_database
from tests.meeting.made_meeting import (
    CASEBANK,
    TEAM,
    WATCHED,
    all_held,
    ended,
    rated,
    working_day,
)

FORK = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def case() -> Case:
    return CaseBank(CASEBANK).load("alcohol-detox-at-home")


def begun(sessions: Sessions, case: Case) -> tuple[str, Seated]:
    """Open a session as the server does; return its id and the facilitator's seat."""
    things = [thing.__dict__ for thing in usual_things(case)]
    data = {"title": case.title, "mode": "training", "things": things, "name": "Fay"}
    session, seated = sessions.open(case.id, "training", data=data)
    return session.id, seated


def joined(sessions: Sessions, session: str, name: str, role: str) -> Seated:
    acts = sessions.acts(session)
    data = check_join(Meeting.of(acts), role, name)
    return sessions.sit(session, data, after=len(acts))


def review(sessions: Sessions, case: Case, secret: str) -> SeatedReview:
    """What a new kernel makes of a seat."""
    found = sessions.seat_of(secret)
    assert found
    return SeatedReview(case, sessions, *found, secret)


def ask(kernel: SeatedReview, act: str, ticket: str, values: dict[str, Any]) -> dict[str, Any]:
    """Send what a browser sends when somebody presses a button."""
    message = {"do": "save", "form": act, "ticket": ticket, "values": values}
    return kernel._receive(act, message)[0]


def script(case: Case, meeting: Meeting) -> list[tuple[str, str, dict[str, Any]]]:
    """Every act of every role, in order, as a browser would send them."""
    marks = {f"ratings.{thing.id}": "7" for thing in meeting.things}
    item = next(item.id for item in case.about.items if item.how == "bought")
    rates = [(who, "rate", {"round": "1", **marks}) for who in (*TEAM, "pam")]
    again = [(who, "rate", {"round": "2", **marks}) for who in (*TEAM, "pam")]

    def go(before: str, to: str) -> tuple[str, str, dict[str, Any]]:
        return "fay", "stage", {"from": before, "to": to}

    yes = {"seen": "PLAN", "says": "agrees", "reason": ""}
    watched = WATCHED | {"review_on": working_day(70).isoformat()}
    return [
        ("fay", "things", {"seen": "0", "things": [thing.id for thing in meeting.things]}),
        go("gather", "person"),
        ("pam", "person", {"seen": "0", "matters": "My bed.", "worries": "The nights."}),
        go("person", "rate"),
        *rates,
        go("rate", "reveal"),
        ("fay", "note", {"note": "The ends fear the nights."}),
        ("cat", "dissent", {"seen": "0", "dissent": "Nobody asked about fits."}),
        go("reveal", "rate-again"),
        *again,
        go("rate-again", "reveal-again"),
        go("reveal-again", "agree"),
        ("fay", "plan", {"seen": "0", "items": [item], **watched}),
        ("fay", "ledger", {"seen": "0", **all_held(case)}),
        *((who, "agreement", yes) for who in ("pam", "ann", "eve")),
        ("fay", "away", {"seat": "BEN", "away": "yes"}),
        ("fay", "outcome", {"what": "made", "reasons": "It serves."}),
    ]


def kernel_process(
    address: str, case: Case, secret: str, pipe: Connection, sent: tuple[str, str, dict[str, Any]]
) -> None:
    """Be a kernel: act once, acknowledge, then wait to be killed."""
    kernel = review(open_sessions(address), case, secret)
    pipe.send("ready")
    after_ms = pipe.recv()
    if after_ms:  # dies by itself, at whatever it is doing then
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, after_ms / 1000)
    pipe.send(ask(kernel, *sent))
    signal.pause()


def killed_kernel(
    address: str, case: Case, secret: str, sent: tuple[str, str, dict[str, Any]], after_ms: int
) -> dict[str, Any] | None:
    """Act from a kernel that dies; return what it acknowledged before, if anything."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=kernel_process, args=(address, case, secret, theirs, sent))
    process.start()
    theirs.close()
    try:
        assert ours.recv() == "ready"
        ours.send(after_ms)
        reply: dict[str, Any] | None = ours.recv()
    except EOFError:
        reply = None
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    return reply


@pytest.mark.parametrize("dies", ["after the answer", "at any moment"])
def test_a_kernel_killed_at_every_act_of_every_role_loses_and_doubles_nothing(
    case: Case, tmp_path: Path, dies: str
) -> None:
    address = f"sqlite:///{tmp_path / 'records.sqlite'}"
    sessions = open_sessions(address)
    session, fay = begun(sessions, case)
    seats = {"fay": fay}
    for name, role in {**TEAM, "pam": "person"}.items():
        seats[name] = joined(sessions, session, name, role)
    before = sessions.last(session)
    acts = script(case, Meeting.of(sessions.acts(session)))
    for number, (who, act, values) in enumerate(acts):
        plan = Meeting.of(sessions.acts(session)).agreed_to
        named = {"PLAN": str(plan), "BEN": seats["ben"].seat}
        filled = {k: named.get(v, v) if isinstance(v, str) else v for k, v in values.items()}
        sent = (act, f"ticket-{number}", filled)
        secret = seats[who].secret
        wait = 0 if dies == "after the answer" else 1 + 3 * (number % 9)
        reply = killed_kernel(address, case, secret, sent, wait)
        if reply is not None:
            assert reply["did"] == "saved", (who, act, reply)
        # the browser has heard nothing, or not for sure: it sends the same again to a new kernel
        again = ask(review(sessions, case, secret), *sent)
        assert again["did"] == "saved", (who, act, again)
        assert sessions.last(session) == before + number + 1
    written = Counter((act.seat, act.ticket) for act in sessions.acts(session))
    assert set(written.values()) == {1}
    meeting = Meeting.of(sessions.acts(session))
    assert meeting.ended
    assert len(meeting.revealed(1)) == len(meeting.revealed(2)) == len(TEAM) + 1


def test_thirty_people_rate_at_once_and_each_counts_once(case: Case, address: str) -> None:
    sessions = open_sessions(address)
    session, fay = begun(sessions, case)
    seats = [joined(sessions, session, f"n{n}", "nurse") for n in range(MOST_SEATS - 1)]
    chair = review(sessions, case, fay.secret)
    for act, values in (
        ("stage", {"from": "gather", "to": "person"}),
        ("person", {"seen": "0", "not_asked": "Asleep."}),
        ("stage", {"from": "person", "to": "rate"}),
    ):
        assert ask(chair, act, f"{act}-{values.get('to', '')}", values)["did"] == "saved"
    marks = {f"ratings.{thing.id}": "7" for thing in chair.meeting.things}
    varied = f"ratings.{chair.meeting.things[0].id}"

    def rate(number: int) -> list[str]:
        kernel = review(sessions, case, seats[number].secret)
        values = {"round": "1", **marks, varied: str(1 + number % 9)}
        return [ask(kernel, "rate", "once", values)["did"] for _ in range(2)]

    with ThreadPoolExecutor(max_workers=8) as threads:
        replies = list(threads.map(rate, range(len(seats))))
    assert replies == [["saved", "saved"]] * len(seats)
    assert ask(chair, "stage", "reveal", {"from": "rate", "to": "reveal"})["did"] == "saved"
    given = chair.meeting.revealed(1)
    first = chair.meeting.things[0].id
    assert {seat: marks[first] for seat, marks in given.items()} == {
        seated.seat: 1 + number % 9 for number, seated in enumerate(seats)
    }
    assert sum(act.act == "rate" for act in sessions.acts(session)) == len(seats)


def test_a_locked_database_is_told_and_takes_the_same_answer_later(
    case: Case, tmp_path: Path
) -> None:
    file = tmp_path / "records.sqlite"
    sessions = Sessions(open_database(f"sqlite:///{file}", busy_seconds=0.2))
    session, fay = begun(sessions, case)
    chair = review(sessions, case, fay.secret)
    move = ("stage", "ticket", {"from": "gather", "to": "person"})
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    told = ask(chair, *move)
    assert told["did"] == "later"
    assert "cannot be reached" in told["problems"][""]
    assert sessions.last(session) == 1
    other.execute("ROLLBACK")
    assert ask(chair, *move)["did"] == "saved"
    assert sessions.last(session) == 2


def test_a_seat_taken_again_elsewhere_shows_nothing_here_whatever_is_pressed(
    case: Case, tmp_path: Path
) -> None:
    sessions = open_sessions(f"sqlite:///{tmp_path / 'records.sqlite'}")
    session, fay = begun(sessions, case)
    chair = review(sessions, case, fay.secret)
    shown = {name: chair.part(name) for name in ("room", "things")}
    assert sessions.return_to(sessions.get(session).code, fay.back)
    for _ in range(2):
        told = ask(chair, "stage", "t", {"from": "gather", "to": "person"})
        assert "taken again from another device" in told["problems"][""]
        html = {name: getattr(part, "html", "") for name, part in shown.items()}
        assert "now used on another device" in html["room"]
        assert not html["things"]


def test_the_same_ticket_with_other_content_is_not_taken_for_saved(
    case: Case, tmp_path: Path
) -> None:
    sessions = open_sessions(f"sqlite:///{tmp_path / 'records.sqlite'}")
    _, fay = begun(sessions, case)
    chair = review(sessions, case, fay.secret)
    things = [thing.id for thing in chair.meeting.things]
    assert ask(chair, "things", "t", {"seen": "0", "things": things})["did"] == "saved"
    other = ask(chair, "things", "t", {"seen": "0", "things": things[:2]})
    assert other["did"] == "refused"
    assert len(chair.meeting.things) == len(things)


def test_a_meeting_is_read_again_from_its_json(case: Case, tmp_path: Path) -> None:
    played = ended(case)
    sessions = open_sessions(f"sqlite:///{tmp_path / 'records.sqlite'}")
    session, _ = begun(sessions, case)
    held = documents.HeldMeeting(sessions.get(session), case, played.acts)
    made = documents.make("record.json", held)
    assert made
    file = tmp_path / "meeting.json"
    file.write_bytes(made[1])
    again = documents.read_meeting(file, CaseBank(CASEBANK))
    assert again.record.as_json() == held.record.as_json()
    assert not any(f'"{seat}"'.encode() in made[1] for seat in held.meeting.seats)
    assert json.loads(made[1])["record"]["outcome"] == "made"


def test_a_file_that_is_not_there_is_told_as_missing(tmp_path: Path) -> None:
    with pytest.raises(AnswersError, match="is not there"):
        documents.read_meeting(tmp_path / "meeting.json", CaseBank(CASEBANK))


def test_the_review_date_is_for_every_diary_and_the_documents_are_not(
    case: Case, tmp_path: Path
) -> None:
    sessions = open_sessions(f"sqlite:///{tmp_path / 'records.sqlite'}")
    session, fay = begun(sessions, case)
    ann = sessions.sit(session, {"role": "gp", "name": "Ann"}, after=1)
    end = {"what": "deferred", "reasons": "Not yet.", "review_on": "2027-01-11"}
    sessions.append(session, fay.seat, "outcome", end, ticket="t", after=2, closes=True)
    gp = review(sessions, case, ann.secret)
    asked = {name: gp._receive("record", {"do": "download", "what": name, "ticket": "t"})[0]
             for name in documents.NAMES}  # fmt: skip
    assert [name for name in asked if asked[name]["did"] == "download"] == ["review.ics"]


def test_a_json_too_deep_to_be_read_is_no_record(tmp_path: Path) -> None:
    file = tmp_path / "meeting.json"
    file.write_text("[" * 100_000)
    with pytest.raises(AnswersError, match="is not the record of a meeting"):
        documents.read_meeting(file, CaseBank(CASEBANK))


def test_the_json_holds_no_name_no_seat_and_nothing_that_was_never_shown(case: Case) -> None:
    played = rated(case)
    played.do("ben", "dissent", dissent="The GP bullied me.")
    played.do("ben", "dissent", dissent="")
    played.do("pam", "person", matters="My garden, and my dog.", worries="")
    played.go("rate-again")
    played.rate("ann", 4)
    played.rate("ann", 6)
    shown = documents.for_the_file(played.acts)
    told = json.dumps([act.data for act in shown])
    for hidden in ("Ann", "Ben", "Fay", "The GP bullied me.", "My garden.", '"round": 2'):
        assert hidden not in told
    assert "My garden, and my dog." in told
    seats = {act.seat for act in shown}
    assert seats == {f"s{number}" for number in range(1, 8)}
    again = Meeting.of(shown)
    assert again.rounds == (1,)
    assert rated_items(again, 1) == rated_items(played.meeting, 1)
