"""Opening and joining a meeting: what is asked for, what is refused and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from phbkit.casebank import CaseBank
from phbkit.errors import RefusedError, SettingsError
from phbkit.meeting.documents import case_of
from phbkit.meeting.joining import MeetingLobby
from phbkit.meeting.meeting import Meeting
from phbkit.meeting.sessions import Sessions, open_sessions
from tests.meeting.openings import LIVE, TRAINING


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return open_sessions(f"sqlite:///{tmp_path / 'records.sqlite'}")


@pytest.fixture
def lobby(sessions: Sessions, bank: CaseBank) -> MeetingLobby:
    return MeetingLobby(sessions, bank, live=False)


@pytest.fixture
def live(sessions: Sessions, bank: CaseBank) -> MeetingLobby:
    return MeetingLobby(sessions, bank, live=True)


def refused(lobby: MeetingLobby, **values: str) -> dict[str, str]:
    with pytest.raises(RefusedError) as raised:
        lobby.open(values, "ann", private=True)
    assert lobby.sessions.listed() == []
    return raised.value.problems


@pytest.mark.parametrize(
    ("name", "value"),
    [("name", ""), ("name", " "), ("name", "x" * 41), ("mode", ""), ("mode", "Live"),
     ("case", ""), ("case", "know-the-deal"), ("case", "../secrets")],
)  # fmt: skip
def test_a_training_session_needs_a_name_a_kind_and_a_case_with_a_plan(
    lobby: MeetingLobby, name: str, value: str
) -> None:
    assert list(refused(lobby, **(TRAINING | {name: value}))) == [name]


def test_live_is_refused_where_it_is_not_switched_on(lobby: MeetingLobby) -> None:
    with pytest.raises(SettingsError, match="PHB_LIVE_REVIEWS"):
        lobby.open(LIVE, "ann", private=True)
    assert lobby.sessions.listed() == []


def test_live_is_refused_where_others_could_listen(live: MeetingLobby) -> None:
    with pytest.raises(RefusedError, match="HTTPS"):
        live.open(LIVE, "ann", private=False)
    assert live.sessions.listed() == []


def test_live_asks_without_whom_nothing_is_decided_and_keeps_it(live: MeetingLobby) -> None:
    nobody = {name: value for name, value in LIVE.items() if not name.startswith("quorum.")}
    assert list(refused(live, **nobody)) == ["quorum"]
    live.open(LIVE, "ann", private=True)
    meeting = Meeting.of(live.sessions.acts(live.sessions.listed()[0].id))
    assert set(meeting.quorum) == {"person", "commissioner"}


def test_live_is_joined_over_https_and_asks_about_a_name_that_could_identify_somebody(
    live: MeetingLobby,
) -> None:
    live.open(LIVE, "ann", private=True)
    joining = {"code": live.sessions.listed()[0].code, "role": "gp", "name": "Mrs Jones"}
    with pytest.raises(RefusedError, match="joined over HTTPS only"):
        live.join(joining, "10.0.0.1", private=False)
    with pytest.raises(RefusedError) as asked:
        live.join(joining, "10.0.0.1")
    assert "a name (Mrs Jones)" in asked.value.problems["name"]
    assert live.join(joining | {"keep": asked.value.problems["keep"]}, "10.0.0.1")


def test_live_asks_whether_the_organisation_has_agreed(live: MeetingLobby) -> None:
    assert list(refused(live, **(LIVE | {"duties": ""}))) == ["duties"]


@pytest.mark.parametrize(
    ("field", "text", "kind"),
    [
        ("title", "Care for 943 476 5919", "NHS number"),
        ("outcomes", "Back to LS1 4AP", "postcode"),
        ("safeguards", "Ring 07700 900123", "telephone number"),
        ("called", "A, born 3 March 1961", "date of birth"),
        ("called", "Margaret Jones", "name"),
        ("options", "Mail ann@example.org; 1; 1", "e-mail address"),
    ],
)
def test_live_asks_before_it_keeps_what_could_identify_somebody(
    live: MeetingLobby, field: str, text: str, kind: str
) -> None:
    problems = refused(live, **(LIVE | {field: text}))
    assert kind in problems[field]
    assert refused(live, **(LIVE | {field: text, "keep": "yes"})) == problems
    live.open(LIVE | {field: text, "keep": problems["keep"]}, "ann", private=True)
    assert len(live.sessions.listed()) == 1


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("options", "Help on weekday mornings"),
        ("options", "Help; twenty; 3"),
        ("options", "Help; 20; 0"),
        ("options", "Help; -20; 3"),
        ("options", ""),
        ("outcomes", " \n "),
        ("indicative", "lots"),
        ("indicative", "NaN"),
        ("indicative", "-1"),
        ("title", ""),
        ("called", " "),
        ("safeguards", "\n".join(["x"] * 13)),
    ],
)
def test_a_description_that_cannot_be_used_is_refused_by_field(
    live: MeetingLobby, field: str, text: str
) -> None:
    assert list(refused(live, **(LIVE | {field: text}))) == [field]


def test_a_line_that_is_no_option_is_named_by_its_number(live: MeetingLobby) -> None:
    options = "Help; 20; 3\nSomething nice"
    assert "line 2" in refused(live, **(LIVE | {"options": options}))["options"]


def test_a_live_case_has_its_money_and_claims_no_evidence(
    live: MeetingLobby, sessions: Sessions, bank: CaseBank
) -> None:
    live.open(LIVE, "ann", private=True)
    session = sessions.listed()[0]
    case = case_of(session, bank)
    assert [str(item.cost) for item in case.about.items] == ["6370.00", "89"]
    assert case.budget.indicative == 9000
    assert {item.evidence.grade for item in case.about.items} == {"not looked up"}
    meeting = Meeting.of(sessions.acts(session.id))
    assert meeting.mode == "live"
    assert [thing.kind for thing in meeting.things] == ["option", "option", "safeguard"]


def test_a_right_code_waits_for_a_hundred_wrong_ones_of_its_address_and_for_no_fewer(
    lobby: MeetingLobby,
) -> None:
    lobby.open(TRAINING, "ann", private=True)
    right = {"code": lobby.sessions.listed()[0].code, "role": "gp"}
    for _ in range(99):
        with pytest.raises(RefusedError, match="opens no meeting"):
            lobby.join(right | {"code": "CCC-CCC", "name": "Ann"}, "10.0.0.1")
    assert lobby.join(right | {"name": "Ann"}, "10.0.0.1")
    with pytest.raises(RefusedError, match="no return code"):
        lobby.join(right | {"back": "CCCC-CCCC"}, "10.0.0.1")
    with pytest.raises(RefusedError, match="cannot be tried for 60 minutes"):
        lobby.join(right | {"name": "Ben"}, "10.0.0.1")
    assert lobby.join(right | {"name": "Ben"}, "10.0.0.2")


def test_one_opens_so_many_meetings_an_hour_and_others_open_theirs(lobby: MeetingLobby) -> None:
    for _ in range(20):
        lobby.open(TRAINING, "ann", private=True)
    with pytest.raises(RefusedError, match="Wait 60 minutes, or join one"):
        lobby.open(TRAINING, "ann", private=True)
    assert lobby.open(TRAINING, "ben", private=True)


def test_a_seat_is_taken_again_with_its_return_code_and_the_first_device_is_out(
    lobby: MeetingLobby,
) -> None:
    fay = lobby.open(TRAINING, "ann", private=True)
    code = lobby.sessions.listed()[0].code
    again = lobby.join({"code": code.lower(), "back": fay.back.lower()}, "10.0.0.1")
    assert again.seat == fay.seat
    held = lobby.sessions.seat_of(again.secret)
    assert lobby.sits(held) == ("Alcohol detox at home", "Fay, facilitator")
    assert lobby.sessions.seat_of(fay.secret) is None
    assert lobby.sits(None) is None


def test_every_value_of_a_live_case_is_one_that_its_model_allows(
    live: MeetingLobby, sessions: Sessions, bank: CaseBank
) -> None:
    live.open(LIVE, "ann", private=True)
    about = case_of(sessions.listed()[0], bank).about
    assert type(about).model_validate(about.model_copy().__dict__) == about
    for item in about.items:
        assert type(item).model_validate(item.model_dump()) == item
