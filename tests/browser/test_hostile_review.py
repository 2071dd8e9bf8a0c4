"""Somebody hostile at a case review: HTTP and the kernels' WebSockets, spoken by hand."""

from __future__ import annotations

import http.client
import itertools
import json
import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection

from phbkit.casebank import Case, CaseBank
from phbkit.meeting.checks import MOST_SEATS
from phbkit.meeting.meeting import Act, Meeting
from phbkit.meeting.sessions import Seated, Sessions, open_sessions
from phbkit.meeting.subject import usual_things
from tests.browser.reviewing import Meetings
from tests.browser.sockets import opened
from tests.browser.training import FORM
from tests.browser.training import Answer as Reply
from tests.ports import free_port
from tests.serving.wire import (
    asking_for_states,
    custom,
    frame,
    parts_of,
    reply_in,
    states_in,
)

CASE = "alcohol-detox-at-home"
ROOM = {"Pam": "person", "Ann": "gp", "Dev": "social-worker", "Eve": "commissioner"}
EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
MOST_LOOKS = 200
_ADDRESSES = (f"127.0.{n // 250 + 1}.{n % 250 + 1}" for n in itertools.count())


class Answer(Reply):
    """What came back over HTTP, perhaps with a seat."""

    @property
    def cookie(self) -> str:
        """What is set as the cookie of a seat."""
        found = re.search(r"phb-seat=([^;]*)", str(self.headers))
        return found[1] if found else ""


@dataclass
class Site:
    """The server as somebody with a socket and no manners sees it."""

    served: Meetings

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        address: str = "127.0.0.1",
        **headers: str,
    ) -> Answer:
        """Send one request, from whatever address of this machine."""
        line = http.client.HTTPConnection(
            "127.0.0.1", self.served.port, timeout=60, source_address=(address, 0)
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            line.request(method, path, body, named)
            reply = line.getresponse()
            return Answer(reply.status, reply.read().decode("utf-8", "replace"), reply.headers)
        finally:
            line.close()

    def post(
        self, path: str, values: dict[str, str], address: str = "127.0.0.1", **headers: str
    ) -> Answer:
        """Post a form with the token that the page gives."""
        token = re.search(r"_xsrf=([^;]+)", str(self.ask("/review", address=address).headers))
        assert token
        cookie = f"_xsrf={token[1]}; {headers.pop('Cookie', '')}"
        body = urlencode({"_xsrf": token[1], **values}).encode()
        return self.ask(path, "POST", body, address, Cookie=cookie, Content_Type=FORM, **headers)

    def join(self, address: str = "", **values: str) -> Answer:
        """Try to join, by default from an address that nobody has used."""
        return self.post("/review/join", values, address or next(_ADDRESSES))

    def room(self, cookie: str, query: str = "", **headers: str) -> Answer:
        """Ask for the room with the cookie of a seat."""
        return self.ask(f"/review/room{query}", Cookie=f"phb-seat={cookie}", **headers)

    @property
    def log(self) -> str:
        return (self.served.data / "server.log").read_text()


@dataclass
class Device:
    """A page in the room, with the cookie of its seat."""

    site: Site
    kernel: str
    cookie: str
    parts: dict[str, str] = field(default_factory=dict)

    def talk(self, *frames: bytes, until: Callable[[dict[str, Any]], Any]) -> Any:
        """Send frames, then read until something is found in a message."""

        async def run(socket: WebSocketClientConnection) -> Any:
            for each in frames:
                await socket.write_message(each, binary=True)
            while True:
                message = await socket.read_message()
                assert isinstance(message, bytes), "the server closed the socket"
                found = until(parts_of(message))
                if found is not None:
                    break
            socket.close()
            while await socket.read_message() is not None:
                continue
            return found

        seat = f"phb-seat={self.cookie}"
        return opened(self.site.served, run, self.kernel, Cookie=seat)

    def states(self) -> dict[str, dict[str, Any]]:
        """Ask the kernel for every widget it has: comm id to state."""
        comm, opening, asking = asking_for_states()
        found: dict[str, dict[str, Any]] = self.talk(
            opening, asking, until=lambda message: states_in(message, comm)
        )
        return found

    def shown(self) -> dict[str, str]:
        """Every part of the page, as the kernel would send it to a browser."""
        states = self.states()
        self.parts = {each["step"]: comm for comm, each in states.items() if "step" in each}
        return {each["step"]: each["html"] for each in states.values() if "step" in each}

    def push(self, *frames: bytes) -> set[str]:
        """Send frames, wait until the kernel has been through them, and name its widgets."""
        comm, *asking = asking_for_states()
        states = self.talk(*frames, *asking, until=lambda message: states_in(message, comm))
        return set(states)

    def everything(self) -> str:
        """Everything the kernel tells, as one text."""
        return json.dumps(self.states(), ensure_ascii=False)

    def shows(self, text: str, part: str = "room") -> dict[str, str]:
        """Look until the page has followed the meeting so far that it shows a text."""
        for _ in range(MOST_LOOKS):
            shown = self.shown()
            if text in shown[part]:
                return shown
        raise AssertionError(f"{text!r} never came; {part} shows {shown[part]}")

    def send(self, message: object, part: str = "room") -> dict[str, Any]:
        """Send a message to the widget of a part and return the answer."""
        if not self.parts:
            self.shown()
        answer: dict[str, Any] = self.talk(custom(self.parts[part], message), until=reply_in)
        return answer

    def save(self, act: object, ticket: object = None, **values: Any) -> dict[str, Any]:
        """Ask for an act."""
        given = {name.replace("__", "."): value for name, value in values.items()}
        made = uuid.uuid4().hex if ticket is None else ticket
        return self.send({"do": "save", "form": act, "ticket": made, "values": given})


@dataclass
class Played:
    """A meeting in the database, where a test may do anything, and the pages that look at it."""

    site: Site
    sessions: Sessions
    id: str
    code: str
    seats: dict[str, Seated]
    devices: dict[str, Device] = field(default_factory=dict)
    pages: dict[str, Answer] = field(default_factory=dict)

    @property
    def meeting(self) -> Meeting:
        return Meeting.of(self.sessions.acts(self.id))

    @property
    def last(self) -> int:
        return self.sessions.last(self.id)

    def cookie(self, name: str) -> str:
        return f"{self.seats[name].secret}.{self.seats[name].back}"

    def do(self, name: str, act: str, *, closes: bool = False, **data: Any) -> Act:
        """Write an act past every check."""
        return self.sessions.append(
            self.id,
            self.seats[name].seat,
            act,
            data,
            ticket=uuid.uuid4().hex,
            after=self.last,
            closes=closes,
        )

    def at(self, stage: str) -> None:
        """Bring the meeting to a stage."""
        if self.meeting.stage != stage:
            self.do("Fay", "stage", to=stage)

    def dissent_seen(self, name: str) -> str:
        """Say which state of their own disagreement somebody's page shows."""
        return str(self.meeting.changed_by("dissent", self.seats[name].seat))

    def rate(self, name: str, mark: int, number: int = 1) -> None:
        ratings = {thing.id: mark for thing in self.meeting.things}
        self.do(name, "rate", round=number, ratings=ratings)

    def form(self, mark: object = "5", number: str = "1") -> dict[str, Any]:
        """Fill in the form of ratings."""
        marks = {f"ratings__{thing.id}": mark for thing in self.meeting.things}
        return {"round": number, **marks}

    def sit(self, name: str, role: str) -> None:
        data = {"role": role, "name": name}
        self.seats[name] = self.sessions.sit(self.id, data, after=self.last)

    def enter(self, *names: str, query: str = "") -> None:
        """Open the room on devices, all at once."""
        with ThreadPoolExecutor() as threads:
            pages = threads.map(lambda name: self.site.room(self.cookie(name), query), names)
        for name, page in zip(names, pages, strict=True):
            self.pages[name + query] = page
            self.devices[name + query] = Device(self.site, page.kernel, self.cookie(name))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    server = Meetings(tmp_path_factory.mktemp("attacked"), free_port())
    server.start()
    yield Site(server)
    server.stop()


@cache
def bank_case() -> Case:
    return CaseBank(Path(__file__).parents[2] / "casebank").load(CASE)


def begin(site: Site, **room: str) -> Played:
    """Open a meeting in the database and seat a room."""
    sessions = open_sessions(site.served.database)
    case = bank_case()
    things = [thing.__dict__ for thing in usual_things(case)]
    data = {"title": case.title, "mode": "training", "things": things, "name": "Fay"}
    session, chair = sessions.open(CASE, "training", data=data)
    played = Played(site, sessions, session.id, session.code, {"Fay": chair})
    for name, role in room.items():
        played.sit(name, role)
    return played


@pytest.fixture(scope="module")
def room(site: Site) -> Played:
    """A meeting that tests may bring to any stage; each leaves its people present."""
    played = begin(site, **ROOM)
    played.do("Pam", "person", matters="My own bed.", worries="The nights.")
    played.enter("Fay", "Ann", "Dev")
    played.enter("Fay", query="?screen=1")
    return played


@pytest.fixture(scope="module")
def over(site: Site) -> Played:
    """A meeting that has ended, with pages opened before and after the end."""
    played = begin(site, **ROOM)
    played.do("Pam", "person", matters=f"My own bed. {EVIL}", worries="The nights.")
    played.at("rate")
    for name in ROOM:
        played.rate(name, 7)
    played.at("reveal")
    played.at("agree")
    played.enter("Ann")
    played.do(
        "Fay",
        "outcome",
        closes=True,
        what="deferred",
        reasons=f"Not yet. {EVIL}",
        review_on="2035-01-08",
        coordinator="",
        triggers="",
        stop_rule="",
    )
    played.enter("Fay", "Pam")
    return played


def refused(answer: dict[str, Any]) -> str:
    """Read the reasons of a refusal, or fail."""
    assert answer["did"] == "refused", answer
    return " ".join(answer["problems"].values())


# Reading what is not for you


@pytest.mark.parametrize("who", ["Fay", "Dev", "Fay?screen=1"])
@pytest.mark.parametrize("stage", ["rate", "rate-again"])
def test_no_kernel_tells_one_byte_more_when_somebody_rates_differently(
    room: Played, who: str, stage: str
) -> None:
    number = {"rate": 1, "rate-again": 2}[stage]
    for each in ("reveal", stage):  # so that the page has followed all that was before
        room.at(each)
        room.devices[who].shows(f'data-stage="{each}"')
    pages = []
    for mark in (2, 9):
        room.rate("Ann", mark, number)
        room.do("Fay", "away", seat=room.seats["Eve"].seat, away=True, drop=False)
        shown = room.devices[who].shows("away</span>")
        pages.append((shown, room.devices[who].states()))
        room.do("Fay", "away", seat=room.seats["Eve"].seat, away=False, drop=False)
        room.devices[who].shows('Eve, commissioner <span class="phb-tag">not yet')
    assert pages[0] == pages[1]
    assert "phb-rated" not in pages[0][0]["reveal"]


@pytest.mark.parametrize("who", ["Fay", "Dev", "Fay?screen=1"])
@pytest.mark.parametrize("stage", ["rate", "reveal", "agree"])
def test_no_kernel_tells_another_s_return_code_or_secret(
    room: Played, who: str, stage: str
) -> None:
    room.at("rate")
    room.rate("Ann", 3)
    room.at(stage)
    room.devices[who].shows(f'data-stage="{stage}"')
    told = room.devices[who].everything()
    for name, seated in room.seats.items():
        assert seated.secret not in told
        assert (seated.back in told) == (who == name)
    assert (room.code in told) == who.startswith("Fay")


def test_marks_of_the_second_round_wait_while_those_of_the_first_are_known(room: Played) -> None:
    room.at("rate-again")
    room.rate("Ann", 3, 2)
    assert room.meeting.revealed(2) == {}
    assert "reveal-again" not in refused(room.devices["Dev"].save("rate", **room.form("x", "2")))
    assert "phb-rated" not in room.devices["Dev"].everything()


def test_somebody_without_a_seat_gets_no_room(site: Site) -> None:
    answer = site.ask("/review/room")
    assert (answer.status, answer.headers["Location"]) == (303, "/review")


@pytest.mark.parametrize(
    "damage",
    [
        lambda held: held[:-12] + ".",
        lambda held: held[::-1],
        lambda held: held.lower(),
        lambda held: held.partition(".")[2],
        lambda held: "' OR 1=1 --",
        lambda held: "%00" + held,
        lambda held: "é" + held,
        lambda held: "." * 4000,
        lambda held: '"\\000"',
    ],
)
def test_a_cookie_that_is_not_whole_opens_nothing(
    room: Played, damage: Callable[[str], str]
) -> None:
    before = set(room.site.served.kernels())
    answer = room.site.ask(
        "/review/room", Cookie=f"phb-seat={damage(room.cookie('Fay'))}".encode().decode("latin-1")
    )
    assert answer.status == 303
    assert set(room.site.served.kernels()) <= before


def test_a_forged_header_gives_no_seat(room: Played) -> None:
    forged = {name: room.cookie("Fay") for name in ("Phb_Seat", "PHB-SEAT", "Http-Phb-Seat")}
    assert room.site.ask("/review/room", **forged).status == 303
    page = room.site.room(room.cookie("Dev"), **forged)
    told = page.text + Device(room.site, page.kernel, room.cookie("Dev")).everything()
    assert room.seats["Dev"].back in told
    assert room.code not in told
    for name, seated in room.seats.items():
        assert seated.secret not in told
        assert (seated.back in told) == (name == "Dev")


@pytest.mark.parametrize("kernel", [str(uuid.UUID(int=0)), "../../etc/passwd", "x"])
def test_a_kernel_cannot_be_had_without_its_id(site: Site, kernel: str) -> None:
    with pytest.raises(HTTPClientError, match=r"40[34]"):
        opened(site.served, lambda socket: socket.read_message(), kernel)


def test_a_kernel_s_id_without_its_seat_or_with_another_s_opens_nothing(room: Played) -> None:
    kernel = room.devices["Fay"].kernel
    for held in ("", f"phb-seat={room.cookie('Dev')}", "phb-seat=x.y"):
        given = {"Cookie": held} if held else {}
        with pytest.raises(HTTPClientError, match="403"):
            opened(room.site.served, lambda socket: socket.read_message(), kernel, **given)


@pytest.mark.parametrize(
    "path",
    "/api /api/kernels /api/sessions /api/contents /api/status /api/kernelspecs /api/terminals "
    "/tree /voila/files/x /module/mdt_case_review /review/room/x".split(),
)
def test_nothing_lists_kernels_or_files(site: Site, path: str) -> None:
    assert site.ask(path).status == 404


# Acting beyond your seat


BAD_MARKS = ["0", "10", "-1", "seven", "1.5", "05", "٣", " 5 5", "", "5" * 6000, "5" * 6001,
             ["5"], ["5", "6"], [], {"5": 5}, [["5"]], 5, 5.0, True, None]  # fmt: skip


@pytest.mark.parametrize("mark", BAD_MARKS, ids=lambda mark: repr(mark)[:12])
def test_only_the_nine_marks_are_taken(room: Played, mark: object) -> None:
    room.at("rate")
    before = room.last
    refused(room.devices["Dev"].save("rate", **room.form(mark)))
    assert room.last == before


@pytest.mark.parametrize("deep", [10, 70_000])
def test_a_deeply_nested_form_is_refused(room: Played, deep: int) -> None:
    room.at("rate")
    before = room.last
    comm = room.devices["Dev"].parts or room.devices["Dev"].shown()
    nest = '{"a":' * deep + "1" + "}" * deep
    message = {"comm_id": room.devices["Dev"].parts["rate"], "data": {"method": "custom"}}
    message["data"]["content"] = {"do": "save", "ticket": "t", "values": "NEST"}
    packed = frame({"msg_type": "comm_msg", "content": message})
    assert comm
    room.devices["Dev"].push(grown(packed, b'"NEST"', nest.encode()))
    assert room.devices["Dev"].shown()
    assert room.last == before


def grown(packed: bytes, old: bytes, new: bytes) -> bytes:
    """Put something longer into the last part of a frame."""
    made = packed.replace(old, new)
    count = int.from_bytes(packed[:8], "little")
    return made[: 8 * count] + len(made).to_bytes(8, "little") + made[8 * count + 8 :]


@pytest.mark.parametrize(
    "more",
    [
        {"seat": "Ann"},
        {"role": "gp"},
        {"round": "2"},
        {"round": ""},
        {"round": ["1"]},
        {"ratings__99": "5"},
        {"ratings__-1": "5"},
        {"__class__": "x"},
    ],
)
def test_nobody_rates_for_another_seat_role_round_or_thing(
    room: Played, more: dict[str, Any]
) -> None:
    room.at("rate")
    before = room.last
    given = {**room.form(), **more}
    if "seat" in given:
        given["seat"] = room.seats["Ann"].seat
    refused(room.devices["Dev"].save("rate", **given))
    assert room.last == before


def test_good_marks_are_taken_for_the_seat_that_gives_them_and_no_other(room: Played) -> None:
    room.at("rate")
    assert room.devices["Dev"].save("rate", **room.form("4"))["did"] == "saved"
    act = room.sessions.acts(room.id)[-1]
    assert (act.act, act.seat) == ("rate", room.seats["Dev"].seat)


@pytest.mark.parametrize("stage", ["gather", "person", "reveal", "reveal-again", "agree"])
def test_nobody_rates_once_the_ratings_are_shown_or_before(room: Played, stage: str) -> None:
    room.at(stage)
    for number in ("0", "1", "2"):
        assert "The meeting is at" in refused(
            room.devices["Dev"].save("rate", **room.form("4", number))
        )


def test_the_facilitator_does_not_rate(room: Played) -> None:
    room.at("rate")
    assert "does not rate" in refused(room.devices["Fay"].save("rate", **room.form()))


Values = Callable[[Played], dict[str, Any]]


def seen(part: str) -> Values:
    return lambda room: {"seen": str(room.meeting.changed_by(part))}


FACILITATOR_ONLY: dict[str, tuple[str, str, Values]] = {
    "stage": ("person", "stage", lambda room: {"from": "person", "to": "rate"}),
    "reveal": ("rate", "stage", lambda room: {"from": "rate", "to": "reveal", "without": ["yes"]}),
    "things": (
        "gather",
        "things",
        lambda room: {**seen("things")(room), "things": [t.id for t in room.meeting.things]},
    ),
    "note": ("reveal", "note", lambda room: {"note": "The nights."}),
    "away": ("rate", "away", lambda room: {"seat": room.seats["Eve"].seat, "away": "no"}),
    "plan": ("agree", "plan", lambda room: {**seen("plan")(room), "items": [], "held": ""}),
    "ledger": ("agree", "ledger", seen("ledger")),
}


@pytest.mark.parametrize("name", FACILITATOR_ONLY)
def test_what_the_facilitator_does_nobody_else_can(room: Played, name: str) -> None:
    stage, act, values = FACILITATOR_ONLY[name]
    room.at("rate")
    room.rate("Ann", 5)
    room.at(stage)
    before = room.last
    assert "Only the facilitator" in refused(room.devices["Dev"].save(act, **values(room)))
    assert "Only the facilitator" in refused(room.devices["Ann"].save(act, **values(room)))
    assert "takes no answers" in refused(room.devices["Fay?screen=1"].save(act, **values(room)))
    assert room.last == before
    assert room.devices["Fay"].save(act, **values(room))["did"] == "saved"


def test_nobody_but_the_facilitator_ends_the_meeting(room: Played) -> None:
    room.at("agree")
    values = {"what": "not reached", "reasons": "None."}
    for who in ("Dev", "Ann", "Fay?screen=1"):
        told = refused(room.devices[who].save("outcome", **values))
        assert "Only the facilitator" in told or "takes no answers" in told
    assert not room.meeting.ended
    assert room.sessions.find(room.code)


def planned(room: Played) -> str:
    """Put a plan before the room, and return its number."""
    room.at("agree")
    watched = {"coordinator": uuid.uuid4().hex, "review_on": "2035-01-08"}
    room.do("Fay", "plan", items={}, held="", lead="", triggers="x", stop_rule="x", **watched)
    risk = {"of": "doing", "consequence": "x", "affects": "", "holders": ["person"]}
    risk |= dict.fromkeys(("mitigation", "stop_rule", "review"), "")
    held = {each.id: risk for each in bank_case().about.risks}
    room.do("Fay", "ledger", risks={**held, "own.0": risk})
    return str(room.meeting.agreed_to)


def test_an_agreement_is_given_for_the_own_party_whatever_the_form_says(room: Played) -> None:
    plan = planned(room)
    answer = {"seen": plan, "says": "agrees", "party": "commissioner", "who": "Eve"}
    assert "is asked of the person" in refused(room.devices["Dev"].save("agreement", **answer))
    assert room.devices["Ann"].save("agreement", **answer)["did"] == "saved"
    assert room.meeting.standing("commissioner") is None
    said = room.meeting.standing("professional")
    assert said
    assert (said.seat, said.who) == (room.seats["Ann"].seat, "GP")


def test_the_facilitator_answers_for_nobody_who_is_here(room: Played) -> None:
    answer = {"seen": planned(room), "says": "agrees", "party": "commissioner", "who": "Eve"}
    assert "answers for themselves" in refused(room.devices["Fay"].save("agreement", **answer))


def test_nobody_agrees_to_a_plan_that_has_changed(room: Played) -> None:
    old = planned(room)
    planned(room)
    assert "changed" in refused(room.devices["Ann"].save("agreement", seen=old, says="agrees"))


def test_nobody_else_writes_the_person_s_words(room: Played) -> None:
    room.at("person")
    for who in ("Dev", "Fay"):
        refused(room.devices[who].save("person", matters="A clinic.", worries="None."))
    assert [words.text for words in room.meeting.matters] == ["My own bed."]


def test_a_decision_is_not_made_over_a_missing_agreement(room: Played) -> None:
    planned(room)
    told = refused(room.devices["Fay"].save("outcome", what="made", reasons="x"))
    assert "the person has not answered" in told


ODD_ACTS = ["open", "join", "end", "", "__class__", "Rate", "rate ", None, 7, ["rate"], {"a": 1}]


@pytest.mark.parametrize("act", ODD_ACTS, ids=repr)
@pytest.mark.parametrize("who", ["Fay", "Dev"])
def test_no_page_can_ask_for_an_act_that_is_none(room: Played, who: str, act: object) -> None:
    before = room.last
    data = {"role": "gp", "name": "Zoe", "seat": room.seats["Dev"].seat, "title": "x"}
    assert "cannot ask for that" in refused(room.devices[who].save(act, **data))
    assert room.last == before


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"do": "delete", "ticket": "t"},
        {"do": ["save"], "ticket": "t"},
        {"do": "save", "ticket": "", "form": "dissent", "values": {"dissent": "x"}},
        {"do": "save", "ticket": "a" * 65, "form": "dissent", "values": {"dissent": "x"}},
        {"do": "save", "ticket": ["t"], "form": "dissent", "values": {"dissent": "x"}},
        {"do": "save", "ticket": "t\n", "form": "dissent", "values": {"dissent": "x"}},
        {"do": "save", "ticket": "t1", "form": "dissent", "values": []},
        {"do": "save", "ticket": "t1", "form": "dissent", "values": None},
        {"do": "save", "ticket": "t1", "form": "dissent", "values": {"dissent": "x" * 2001}},
        {"do": "save", "ticket": "t1", "form": "dissent", "values": {"dissent": "x" * 6001}},
        {"do": "save", "ticket": "t1", "form": "dissent", "values": {"Dissent": "x"}},
        {"do": "save", "ticket": "t1", "form": "dissent",
         "values": {f"f{n}": "x" for n in range(101)} | {"dissent": "x"}},
        {"do": "draft", "ticket": "t1", "values": {"a b": 1}},
    ],
    ids=range(14),
)  # fmt: skip
def test_a_message_that_no_page_of_ours_sends_is_refused(
    room: Played, message: dict[str, Any]
) -> None:
    room.at("agree")
    before = room.last
    assert "Something went wrong" not in refused(room.devices["Dev"].send(message, "dissent"))
    assert room.last == before


def test_somebody_marked_away_is_told_so_and_is_back_with_what_they_do(room: Played) -> None:
    room.at("rate")
    room.do("Fay", "away", seat=room.seats["Dev"].seat, away=True, drop=False)
    room.devices["Dev"].shows("marked as away")
    assert room.devices["Dev"].save("rate", **room.form())["did"] == "saved"
    assert not room.meeting.seats[room.seats["Dev"].seat].away


def test_the_same_ticket_with_the_same_content_is_kept_once(room: Played) -> None:
    room.at("agree")
    ticket = uuid.uuid4().hex
    said = {"dissent": "I do not agree.", "seen": room.dissent_seen("Dev")}
    first = room.devices["Dev"].save("dissent", ticket, **said)
    before = room.last
    again = room.devices["Dev"].save("dissent", ticket, **said)
    assert first["did"] == again["did"] == "saved"
    assert first["at"] == again["at"]
    assert room.last == before


def test_the_same_ticket_with_other_content_is_not_said_to_be_saved_unless_it_is(
    room: Played,
) -> None:
    room.at("agree")
    ticket = uuid.uuid4().hex
    for text in ("I do not agree.", "I have changed my mind."):
        said = {"dissent": text, "seen": room.dissent_seen("Dev")}
        answer = room.devices["Dev"].save("dissent", ticket, **said)
        kept = room.meeting.dissent[room.seats["Dev"].seat].text
        assert kept == text or answer["did"] == "refused"


def test_another_seat_s_ticket_is_no_ticket_of_mine(room: Played) -> None:
    room.at("agree")
    ticket = uuid.uuid4().hex
    for who in ("Dev", "Ann"):
        said = {"dissent": f"Said by {who}.", "seen": room.dissent_seen(who)}
        assert room.devices[who].save("dissent", ticket, **said)["did"] == "saved"
    kept = {words.text for words in room.meeting.dissent.values()}
    assert kept >= {"Said by Dev.", "Said by Ann."}


# Speaking to the kernel past the page


def test_what_a_page_writes_into_its_own_state_reaches_nobody(room: Played) -> None:
    room.at("agree")
    device = room.devices["Dev"]
    before = room.last
    told = device.shown()
    for part in ("note", "plan", "room"):
        state = {"html": EVIL, "state": "done", "step": "outcome", "_esm": "alert(1)"}
        for traits in (state, {"html": told[part], "state": "open", "step": part}):
            data = {"method": "update", "state": traits, "buffer_paths": []}
            content = {"comm_id": device.parts[part], "data": data}
            device.push(frame({"msg_type": "comm_msg", "content": content}))
            asked = {"do": "save", "ticket": uuid.uuid4().hex, "values": {"note": "x"}}
            wanted = "cannot ask for that" if part == "room" else "Only the facilitator"
            assert wanted in refused(device.send(asked, part))
    assert room.last == before
    for each in (room.devices["Fay"], room.devices["Ann"], room.devices["Fay?screen=1"]):
        assert "alert(1)" not in each.everything()


def test_code_is_not_run_whatever_the_channel(room: Played) -> None:
    room.devices["Dev"].shown()
    run = {"code": "print(6*7)", "silent": False, "store_history": False, "user_expressions": {}}
    forbidden = [
        frame({"msg_type": kind, "content": run}, channel)
        for kind in ("execute_request", "inspect_request", "complete_request", "history_request",
                     "debug_request", "usage_request", "create_subshell_request")
        for channel in ("shell", "control", "stdin", "iopub")
    ]  # fmt: skip
    heard = []

    def until(message: dict[str, Any]) -> bool | None:
        heard.append(message["type"])
        return states_in(message, comm) is not None or None

    comm, *asking = asking_for_states()
    room.devices["Dev"].talk(*forbidden, *asking, until=until)
    # What others do meanwhile brings the page up to date: a message of its own widgets. The comm
    # by which it hears of them is opened again, and closes the one that was there.
    assert not set(heard) - {"status", "comm_msg", "comm_close"}


# Documents


NAMES = ["record.json", "record.docx", "record.pdf", "copy.docx", "copy.pdf", "review.ics"]
PATHS = ["../record.json", "/etc/passwd", "record.json\0", "", "RECORD.JSON", None, 1,
         ["record.json"], {"record.json": 1}]  # fmt: skip


@pytest.mark.parametrize("what", NAMES)
def test_no_document_leaves_before_the_end(room: Played, what: str) -> None:
    room.at("agree")
    for who in ("Fay", "Dev"):
        room.devices[who].shown()
        answer = room.devices[who].send({"do": "download", "what": what, "ticket": "d"})
        assert "no such document" in refused(answer)


@pytest.mark.parametrize("what", NAMES)
def test_a_participant_gets_no_document_and_the_person_their_own_copy(
    over: Played, what: str
) -> None:
    asked = {"do": "download", "what": what, "ticket": "d"}
    for_all = over.devices["Ann"].send(asked)["did"]
    assert for_all == ("download" if what == "review.ics" else "refused")
    assert over.devices["Fay"].send(asked)["did"] == "download"
    theirs = over.devices["Pam"].send(asked)["did"]
    assert theirs == ("refused" if what.startswith("record") else "download")


@pytest.mark.parametrize("what", PATHS, ids=repr)
def test_a_document_is_one_of_the_list(over: Played, what: object) -> None:
    answer = over.devices["Fay"].send({"do": "download", "what": what, "ticket": "d"})
    assert "no such document" in refused(answer)


# After the end


@pytest.mark.parametrize("who", ["Fay", "Pam", "Ann"])
def test_nobody_acts_after_the_end(over: Played, who: str) -> None:
    before = over.last
    for act, values in (
        ("stage", {"from": "end", "to": "agree"}),
        ("note", {"note": "x"}),
        ("person", {"matters": "x"}),
        ("dissent", {"dissent": "x"}),
        ("outcome", {"what": "not reached", "reasons": "x"}),
    ):
        told = refused(over.devices[who].save(act, **values))
        assert "has ended" in told
    assert over.last == before
    shown = "".join(over.devices[who].shown().values())
    assert re.findall('<form[^>]* data-step="(.*?)"', shown) == ["strike"]


def test_a_seat_kept_after_the_end_reads_the_record_as_its_role_may(over: Played) -> None:
    shown = over.devices["Ann"].shows("The decision is deferred", "record")
    assert set(re.findall('data-what="(.*?)"', "".join(shown.values()))) == {"review.ics"}
    assert over.seats["Ann"].back not in "".join(shown.values())
    assert "record.json" not in over.devices["Pam"].shown()["record"]


def test_a_meeting_s_code_is_dead_after_the_end(over: Played) -> None:
    assert "opens no meeting" in over.site.join(code=over.code, name="Zoe", role="nurse").text
    answer = over.site.join(code=over.code, back=over.seats["Ann"].back)
    assert "opens no meeting" in answer.text
    assert not answer.cookie


def test_what_was_typed_in_a_closed_meeting_is_text(over: Played) -> None:
    told = "".join(over.devices["Pam"].shown().values())
    assert "&lt;script&gt;alert(2)" in told
    assert "<script" not in told
    assert "<img" not in told


# The door


def test_a_seat_s_cookie_is_kept_from_scripts_and_from_other_sites(site: Site) -> None:
    values = {"name": "Fay", "mode": "training", "case": CASE}
    answer = site.post("/review/open", values)
    assert answer.status == 303
    flags = next(h for h in answer.headers.get_all("Set-Cookie") or [] if "phb-seat" in h)
    assert "HttpOnly" in flags
    assert "SameSite=Lax" in flags
    assert len(answer.cookie.partition(".")[0]) >= 43


def test_two_seats_are_never_the_same_and_one_cannot_be_given_from_outside(room: Played) -> None:
    planted = f"phb-seat={'A' * 43}.CCCC-CCCC"
    values = {"code": room.code, "name": "Gus", "role": "family"}
    answer = room.site.post("/review/join", values, next(_ADDRESSES), Cookie=planted)
    assert answer.status == 303
    assert "A" * 43 not in answer.cookie
    assert room.sessions.seat_of(answer.cookie.partition(".")[0])


def wrong(site: Site, address: str, count: int, **values: str) -> None:
    for number in range(count):
        given = {"code": f"CCC{number}CC", "name": "Zoe", "role": "nurse", **values}
        assert site.join(address, **given).status == 400


def test_wrong_codes_end_the_tries_of_their_address_whoever_it_claims_to_be(room: Played) -> None:
    address = next(_ADDRESSES)
    wrong(room.site, address, 100)
    right = {"code": room.code, "name": "Zoe", "role": "nurse"}
    for name in ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "X-Client-Ip", "Cookie"):
        answer = room.site.post("/review/join", right, address, **{name: "203.0.113.7"})
        assert "too many wrong codes" in answer.text
        assert not answer.cookie


def test_a_seat_taken_again_leaves_the_old_cookie_worthless(room: Played) -> None:
    room.sit("Hal", "provider")
    old = room.cookie("Hal")
    answer = room.site.join(code=room.code, back=room.seats["Hal"].back)
    assert answer.status == 303
    assert room.sessions.seat_of(answer.cookie.partition(".")[0])
    assert room.site.room(old).status == 303


def test_a_return_code_is_worth_nothing_at_another_meeting(room: Played, over: Played) -> None:
    answer = room.site.join(code=room.code, back=over.seats["Ann"].back)
    assert answer.status == 400
    assert not answer.cookie


def test_the_thirty_first_to_join_is_refused(site: Site) -> None:
    full = begin(site)
    for number in range(MOST_SEATS - 1):
        full.sit(f"N{number}", "nurse")
    answer = site.join(code=full.code, name="Zoe", role="nurse")
    assert "The meeting is full" in answer.text
    assert full.last == MOST_SEATS


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": "FAY", "role": "nurse"}, "sits here already"),
        ({"name": " ", "role": "nurse"}, "name"),
        ({"name": "x" * 41, "role": "nurse"}, "name"),
        ({"name": "Z\u202eoe", "role": "nurse"}, "name"),
        ({"name": "Z\noe", "role": "nurse"}, "name"),
        ({"name": "Zoe", "role": "facilitator"}, "role"),
        ({"name": "Zoe", "role": "person"}, "is taken"),
        ({"name": "Zoe", "role": "constructor"}, "role"),
        ({"name": "Zoe"}, "role"),
    ],
)
def test_nobody_joins_as_somebody_they_may_not_be(
    room: Played, values: dict[str, str], told: str
) -> None:
    before = room.last
    answer = room.site.join(code=room.code, **values)
    assert (answer.status, answer.cookie) == (400, "")
    assert told in answer.text
    assert room.last == before


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"mode": "live", "duties": "yes", "title": "x", "called": "A", "outcomes": "x",
          "options": "x; 1; 1", "indicative": "1", "keep": "yes"}, 403),
        ({"mode": "training", "case": "no-such-case"}, 400),
        ({"mode": "training", "case": "../../etc"}, 400),
        ({"mode": "training", "case": "local"}, 400),
        ({"mode": "Live", "case": CASE}, 400),
        ({"case": CASE}, 400),
        ({"mode": "training", "case": CASE, "name": ""}, 400),
        ({"mode": "training", "case": CASE, "name": "x" * 41}, 400),
    ],
    ids=range(8),
)  # fmt: skip
def test_a_meeting_that_may_not_be_is_not_opened(
    site: Site, room: Played, values: dict[str, str], status: int
) -> None:
    before = len(room.sessions.listed())
    answer = site.post("/review/open", {"name": "Fay", **values})
    assert (answer.status, answer.cookie) == (status, "")
    assert len(room.sessions.listed()) == before


@pytest.mark.parametrize("path", ["/review/join", "/review/open", "/review/leave"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cookie": "_xsrf=abc"},
        {"Authorization": "token abc"},
        {"Origin": "http://evil.example"},
        {"Sec_Fetch_Site": "same-origin"},
    ],
    ids=str,
)
def test_no_form_is_taken_without_the_page_s_token(
    room: Played, path: str, headers: dict[str, str]
) -> None:
    values = {"code": room.code, "name": "Zoe", "role": "nurse", "mode": "training", "case": CASE}
    body = urlencode(values).encode()
    answer = room.site.ask(path, "POST", body, Content_Type=FORM, **headers)
    assert answer.status in {403, 404}
    assert "phb-seat" not in str(answer.headers)


def test_another_site_s_page_cannot_post_even_with_a_token(room: Played) -> None:
    values = {"code": room.code, "name": "Zoe", "role": "nurse"}
    answer = room.site.post("/review/join", values, Origin="http://evil.example")
    assert (answer.status, answer.cookie) == (404, "")


@pytest.mark.parametrize("wanted", ["image", "iframe", "frame", "embed", "object", "empty"])
def test_the_room_inside_another_page_starts_no_kernel(room: Played, wanted: str) -> None:
    before = set(room.site.served.kernels())
    assert room.site.room(room.cookie("Dev"), Sec_Fetch_Dest=wanted).status == 403
    assert set(room.site.served.kernels()) <= before


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_the_room_answers_no_other_method_with_a_kernel(room: Played, method: str) -> None:
    before = set(room.site.served.kernels())
    answer = room.site.ask("/review/room", method, Cookie=f"phb-seat={room.cookie('Dev')}")
    assert answer.status in {403, 405, 204}
    assert set(room.site.served.kernels()) <= before


@pytest.mark.parametrize("path", ["/review", "/review/room", "/phb/static/form.css"])
def test_another_name_for_this_machine_is_refused(room: Played, path: str) -> None:
    cookie = f"phb-seat={room.cookie('Dev')}"
    answer = room.site.ask(path, Cookie=cookie, Host="evil.example")
    assert answer.status == 403 or path.startswith("/phb/static")
    assert room.seats["Dev"].back not in answer.text


def test_pages_of_a_meeting_are_kept_by_nobody_and_framed_by_nobody_else(room: Played) -> None:
    cookie = f"phb-seat={room.cookie('Dev')}"
    for answer in (room.site.ask("/review", Cookie=cookie), room.pages["Dev"]):
        assert "no-store" in answer.headers["Cache-Control"]
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_html_typed_at_the_door_comes_back_as_text(site: Site) -> None:
    for path in ("/review/join", "/review/open"):
        evil = {"code": EVIL, "name": EVIL, "role": EVIL, "mode": EVIL, "case": EVIL, "back": EVIL}
        answer = site.post(path, {**evil, "door": EVIL}, next(_ADDRESSES))
        assert answer.status == 400
        assert "<img" not in answer.text
        assert "<script" not in answer.text
    assert "<img" not in site.ask(f"/review?{urlencode({'code': '<img src=x>'})}").text


def test_html_in_names_notes_and_lists_comes_out_as_text(site: Site) -> None:
    name = "<img src=x onerror=alert(3)>"
    played = begin(site, **{name: "person", "'\"><b>": "gp"})
    played.do(name, "person", matters=EVIL, worries=EVIL)
    things = [{"id": "own.0", "kind": "option", "title": EVIL}]
    played.do("Fay", "things", things=things)
    played.at("rate")
    played.rate("'\"><b>", 2)
    played.at("reveal")
    played.do("Fay", "note", text=EVIL)
    played.do(name, "dissent", text=EVIL)
    played.at("agree")
    played.do("Fay", "plan", items={}, held="", lead="")
    risk = {"of": "doing", "consequence": EVIL, "affects": EVIL, "holders": ["person"],
            "mitigation": EVIL, "stop_rule": EVIL, "review": EVIL}  # fmt: skip
    played.do("Fay", "ledger", risks={"own.0": risk})
    given = {"party": "person", "who": EVIL, "says": "does not agree", "not_to": [], "reason": EVIL}
    played.do(name, "agreement", **given)
    played.enter(name)
    shown = played.devices[name].shown()
    for part in ("room", "person", "reveal", "note", "dissent", "ledger", "agreement"):
        assert "&lt;" in shown[part], part
    told = "".join(shown.values())
    assert "<img" not in told
    assert "<script" not in told
    assert "<b>" not in told


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"a=" + b"x" * 70_000, FORM),
        (b"\xff\xfe%zz&&&===", FORM),
        (b"--x\r\nnot a part", "multipart/form-data; boundary=x"),
        (b"x", "multipart/form-data"),
        (b'{"code": 1}', "application/json"),
        (b"&".join(b"a%d=1" % n for n in range(8000)), FORM),
    ],
    ids=range(6),
)
def test_a_body_that_is_no_form_of_ours_breaks_nothing(site: Site, body: bytes, kind: str) -> None:
    try:
        answer = site.ask("/review/join", "POST", body, Content_Type=kind)
        assert answer.status in {400, 403, 413}
    except ConnectionError:
        assert len(body) > 64 * 1024  # the server hung up before all of it was sent
    assert site.ask("/review").status == 200


def test_a_form_with_a_token_and_strange_bytes_is_refused_and_not_fallen_over(site: Site) -> None:
    token = re.search(r"_xsrf=([^;]+)", str(site.ask("/review").headers))
    assert token
    body = b"_xsrf=" + token[1].encode() + b"&code=%ff%00%0d&name=%00&name=%ed%a0%80&role=%00"
    cookie = f"_xsrf={token[1]}"
    address = next(_ADDRESSES)
    answer = site.ask("/review/join", "POST", body, address, Content_Type=FORM, Cookie=cookie)
    assert answer.status == 400


def test_a_page_makes_no_widgets_or_channels_of_its_own(room: Played) -> None:
    before = room.devices["Dev"].push()
    made = []
    for module, model, view in (
        ("@jupyter-widgets/controls", "TextareaModel", "TextareaView"),
        ("@jupyter-widgets/controls", "IntSliderModel", "IntSliderView"),
        ("@jupyter-widgets/output", "OutputModel", "OutputView"),
        ("anywidget", "AnyModel", "AnyView"),
    ):
        state = {"_model_module": module, "_model_module_version": "2.0.0", "_model_name": model}
        state |= {"_view_module": module, "_view_module_version": "2.0.0", "_view_name": view}
        content = {"comm_id": uuid.uuid4().hex, "target_name": "jupyter.widget"}
        content["data"] = {"state": state, "buffer_paths": []}
        opening = frame({"msg_type": "comm_open", "content": content})
        made.append(opening.replace(b'"version": "1.0.0"', b'"version": "2.1.0"'))
    for target in ("evil", "jupyter.widget.version", "__import__"):
        content = {"comm_id": uuid.uuid4().hex, "target_name": target, "target_module": "os"}
        made.append(frame({"msg_type": "comm_open", "content": {**content, "data": {}}}))
    assert room.devices["Dev"].push(*made) == before


def test_a_device_whose_seat_was_taken_again_elsewhere_acts_no_more(room: Played) -> None:
    room.at("agree")
    lost, before = room.devices["Dev"], room.last
    lost.shown()
    typed = {"dissent": "From the telephone that was lost."}
    asked = {"do": "save", "form": "dissent", "ticket": uuid.uuid4().hex, "values": typed}

    async def act_on_an_open_line(socket: WebSocketClientConnection) -> dict[str, Any]:
        room.sessions.return_to(room.code, room.seats["Dev"].back)
        await socket.write_message(custom(lost.parts["room"], asked), binary=True)
        while True:
            message = await socket.read_message()
            assert isinstance(message, bytes)
            found: dict[str, Any] | None = reply_in(parts_of(message))
            if found is not None:
                return found

    seat = f"phb-seat={lost.cookie}"
    refused(opened(room.site.served, act_on_an_open_line, lost.kernel, Cookie=seat))
    assert room.last == before
    with pytest.raises(HTTPClientError, match="403"):
        lost.states()


def test_the_log_holds_no_secret_no_code_and_nothing_that_was_typed(
    site: Site, room: Played, over: Played
) -> None:
    for played in (room, over):
        for seated in played.seats.values():
            assert seated.secret not in site.log
            assert seated.back not in site.log
        assert played.code not in site.log
    for typed in ("My own bed", "I do not agree", "alert(2)", "Said by"):
        assert typed not in site.log
