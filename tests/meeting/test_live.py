"""Live mode: typed text is scanned, the record is stamped."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from phbkit.casebank import CaseBank
from phbkit.documents.document import as_text
from phbkit.meeting.documents import HeldMeeting, case_of, full, make, plain
from phbkit.meeting.joining import MeetingLobby
from phbkit.meeting.room import SeatedReview
from phbkit.meeting.sessions import Sessions, open_sessions
from tests.meeting.openings import LIVE, TRAINING


def chair_of(sessions: Sessions, bank: CaseBank, values: dict[str, str]) -> SeatedReview:
    seated = MeetingLobby(sessions, bank, live=True).open(values, "ann", private=True)
    found = sessions.seat_of(seated.secret)
    assert found
    return SeatedReview(case_of(found[0], bank), sessions, *found, seated.secret)


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return open_sessions(f"sqlite:///{tmp_path / 'records.sqlite'}")


def save(chair: SeatedReview, act: str, ticket: str, **values: Any) -> dict[str, Any]:
    message = {"do": "save", "form": act, "ticket": ticket, "values": values}
    return chair._receive(act, message)[0]


@pytest.mark.parametrize(
    "text",
    ["NHS 9434765919", "born 03/03/1961", "LS1 4AP", "ann@example.org", "07700 900123"],
)
def test_a_text_that_could_identify_somebody_is_asked_about_before_it_is_kept(
    sessions: Sessions, bank: CaseBank, text: str
) -> None:
    chair = chair_of(sessions, bank, LIVE)
    go = {"from": "gather", "to": "person"}
    assert save(chair, "stage", "a", **go)["did"] == "saved"
    refused = save(chair, "person", "b", seen="0", matters=text, worries="")
    assert refused["did"] == "refused"
    assert "tick that you have checked it" in refused["problems"]["matters"]
    assert text not in str(sessions.acts(sessions.listed()[0].id))
    stamp = refused["problems"]["keep"]
    for tick in ("yes", ""):
        guessed = save(chair, "person", "b", seen="0", matters=text, worries="", keep=[tick])
        assert guessed["did"] == "refused"
    more = f"{text}, and his: 07700 900456"  # a tick is good for what was found, and no more
    assert save(chair, "person", "b", seen="0", matters=more, keep=[stamp])["did"] == "refused"
    kept = save(chair, "person", "c", seen="0", matters=text, worries="", keep=[stamp])
    assert kept["did"] == "saved"
    assert chair.meeting.matters[0].text == text


def test_training_does_not_scan(sessions: Sessions, bank: CaseBank) -> None:
    chair = chair_of(sessions, bank, TRAINING)
    save(chair, "stage", "a", **{"from": "gather", "to": "person"})
    assert save(chair, "person", "b", seen="0", matters="born 03/03/1961")["did"] == "saved"


def test_a_live_record_is_stamped_and_says_what_duties_there_are(
    sessions: Sessions, bank: CaseBank
) -> None:
    chair = chair_of(sessions, bank, LIVE)
    session = sessions.listed()[0]
    record = HeldMeeting(session, chair.case, sessions.acts(session.id)).record
    assert record.mode == "live"
    assert record.wants
    for told in (full(record), plain(record)):
        assert record.wants[0] in as_text(told)
    told = " ".join(record.notices)
    assert "DCB0129" in told
    assert "DCB0160" in told
    assert "made up" not in told
    text = make("record.docx", HeldMeeting(session, chair.case, sessions.acts(session.id)))
    assert text
    assert record.held_on == dt.datetime.now(tz=dt.UTC).astimezone().date()


def test_the_room_shows_a_live_meeting_its_duties(sessions: Sessions, bank: CaseBank) -> None:
    chair = chair_of(sessions, bank, LIVE)
    html = str(chair.part("room").html)
    assert "Live: a real person’s care" in html
    assert "DCB0160" in html
