"""Review sessions, on a real file and a real server: nothing lost, twice or given away."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from phbkit.errors import RecordsError
from phbkit.meeting import sessions as sessions_module
from phbkit.meeting.meeting import Act
from phbkit.meeting.sessions import ReviewSession, Seated, Sessions, open_sessions
from phbkit.records import StaleError, database
from phbkit.records.schema import metadata

NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
PATIENT = 60  # seconds, where many write at once on a machine that may be busy
CASE = "chronic-pain-massage"
Opened = tuple[ReviewSession, Seated]


@pytest.fixture
def sessions(address: str) -> Sessions:
    """Sessions whose clock moves on a minute each time it is read."""
    ticks = (NOON + dt.timedelta(minutes=n) for n in itertools.count())
    return Sessions(database.open_database(address, clock=lambda: next(ticks)))


@pytest.fixture
def opened(sessions: Sessions) -> Opened:
    return sessions.open(CASE, "training", data={"rounds": 2})


def rate(sessions: Sessions, opened: Opened, *, ticket: str = "t1", **changes: Any) -> Act:
    session, seated = opened
    made = {"act": "rate", "data": {"massage": 7}, "after": 1} | changes
    return sessions.append(session.id, seated.seat, ticket=ticket, **made)


def test_an_opened_session_has_a_code_a_facilitator_and_its_first_act(
    sessions: Sessions, opened: Opened
) -> None:
    session, seated = opened
    assert session == ReviewSession(session.id, session.code, CASE, "training", None, NOON, None)
    assert sessions.acts(session.id) == [
        Act(1, seated.seat, "open", {"rounds": 2}, NOON, seated.seat)
    ]
    assert sessions.get(session.id) == session
    assert sessions.seat_of(seated.secret) == (session, seated.seat)


def test_a_local_case_is_kept_as_data(sessions: Sessions) -> None:
    case = {"person": {"name": "É", "pounds": "12.50"}, "options": [1, None]}
    session, _ = sessions.open("local", "live", case, data={})
    assert sessions.get(session.id) == session
    assert session.subject == case


def test_who_sits_down_gets_a_seat_and_the_others_see_it(
    sessions: Sessions, opened: Opened
) -> None:
    session, facilitator = opened
    seated = sessions.sit(session.id, {"role": "nurse"}, after=1)
    [joined] = sessions.acts(session.id, since=1)
    assert (joined.seq, joined.seat, joined.act) == (2, seated.seat, "join")
    assert joined.data == {"role": "nurse", "seat": seated.seat}
    assert sessions.seat_of(seated.secret) == (session, seated.seat)
    assert len({seated.seat, facilitator.seat}) == 2


def test_whoever_sits_down_on_a_stale_session_gets_no_seat(
    sessions: Sessions, opened: Opened
) -> None:
    session, _ = opened
    with pytest.raises(StaleError, match="has 1 acts, not 0"):
        sessions.sit(session.id, {}, after=0)
    assert (sessions.last(session.id), seats(sessions)) == (1, 1)


def seats(sessions: Sessions) -> int:
    with sessions._database.reading() as connection:
        return len(connection.execute(select(metadata.tables["seat"])).all())


def test_acknowledged_acts_survive_reopening(
    sessions: Sessions, opened: Opened, address: str
) -> None:
    session, _ = opened
    done = [rate(sessions, opened, ticket=f"t{n}", after=n) for n in range(1, 5)]
    again = Sessions(database.open_database(address, clock=lambda: NOON))
    assert again.acts(session.id, since=1) == done
    assert again.last(session.id) == 5
    assert again.find(session.code) == session


def test_a_code_opens_its_meeting_for_a_day_and_a_seat_reads_it_for_a_month(address: str) -> None:
    time = [NOON]
    sessions = Sessions(database.open_database(address, clock=lambda: time[0]))
    session, seated = sessions.open(CASE, "training", data={})
    for hours, opens, reads in ((23, True, True), (25, False, True), (721, False, False)):
        time[0] = NOON + dt.timedelta(hours=hours)
        assert bool(sessions.find(session.code)) == opens
        assert bool(sessions.seat_of(seated.secret)) == reads
    assert sessions.return_to(session.code, seated.back) is None


def test_one_seat_cannot_fill_the_database(
    sessions: Sessions, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions_module, "MOST_ACTS", 3)
    session, _ = opened
    for number in (1, 2):
        rate(sessions, opened, ticket=f"t{number}", after=number)
    with pytest.raises(RecordsError, match="Nothing was added"):
        rate(sessions, opened, ticket="t3", after=3)
    assert sessions.last(session.id) == 3
    other = sessions.sit(session.id, {}, after=3)
    rate(sessions, (session, other), after=4)


def test_acts_are_listed_from_a_number_on(sessions: Sessions, opened: Opened) -> None:
    session, _ = opened
    rate(sessions, opened)
    rate(sessions, opened, ticket="t2", after=2)
    assert [act.seq for act in sessions.acts(session.id, since=2)] == [3]
    assert sessions.acts(session.id, since=3) == []
    assert sessions.last("nosuch") == 0


@pytest.mark.parametrize("after", [1, 9])
def test_the_same_ticket_twice_counts_once(sessions: Sessions, opened: Opened, after: int) -> None:
    first = rate(sessions, opened, data={"massage": 7, "gym": [1, 2]})
    assert rate(sessions, opened, data={"gym": [1, 2], "massage": 7}, after=after) == first
    assert sessions.last(opened[0].id) == 2


def test_the_same_ticket_from_another_seat_is_another_act(
    sessions: Sessions, opened: Opened
) -> None:
    session, _ = opened
    seated = sessions.sit(session.id, {}, after=1)
    rate(sessions, opened, after=2)
    rate(sessions, (session, seated), after=3)
    assert sessions.last(session.id) == 4


@pytest.mark.parametrize(
    "other", [{"data": {"massage": 8}}, {"data": {}}, {"data": {"massage": "7"}}, {"act": "pass"}]
)
def test_other_content_under_the_same_ticket_is_refused(
    sessions: Sessions, opened: Opened, other: dict[str, Any]
) -> None:
    first = rate(sessions, opened)
    with pytest.raises(RecordsError, match="This was already saved, with other content"):
        rate(sessions, opened, **other)
    assert sessions.acts(opened[0].id, since=1) == [first]


@pytest.mark.parametrize("after", [0, 2])
def test_a_stale_act_is_refused_and_nothing_is_written(
    sessions: Sessions, opened: Opened, after: int
) -> None:
    with pytest.raises(StaleError, match=f"has 1 acts, not {after}"):
        rate(sessions, opened, after=after)
    with pytest.raises(StaleError):
        rate(sessions, opened, after=after, closes=True)
    assert sessions.last(opened[0].id) == 1
    assert sessions.find(opened[0].code)


def test_an_act_that_cannot_be_written_leaves_nothing(sessions: Sessions, opened: Opened) -> None:
    with pytest.raises(RecordsError, match="were not saved"):
        rate(sessions, opened, data={"massage": object()}, closes=True)
    assert sessions.last(opened[0].id) == 1
    assert sessions.find(opened[0].code)


def test_a_session_that_is_none_is_named(sessions: Sessions) -> None:
    refused = [
        lambda: sessions.get("nosuch"),
        lambda: sessions.sit("nosuch", {}, after=0),
        lambda: sessions.append("nosuch", "s", "rate", {}, after=0, ticket="t"),
    ]
    for attempted in refused:
        with pytest.raises(RecordsError, match="There is no review session nosuch"):
            attempted()


def test_thirty_people_at_once_lose_nothing_and_write_nothing_twice(address: str) -> None:
    session, _ = Sessions(database.open_database(address, busy_seconds=PATIENT)).open(
        CASE, "live", data={}
    )
    together = threading.Barrier(30)

    def until_it_fits(sessions: Sessions, write: Any) -> Any:
        while True:
            try:
                return write(sessions.last(session.id))
            except StaleError:
                continue

    def take_part(person: int) -> list[Act]:
        sessions = Sessions(database.open_database(address, busy_seconds=PATIENT))
        together.wait()
        seated = until_it_fits(
            sessions,
            lambda last: sessions.sit(session.id, {"person": person}, after=last),
        )

        def send(number: int) -> Act:
            data = {"person": person, "rating": number}
            return until_it_fits(
                sessions,
                lambda last: sessions.append(
                    session.id, seated.seat, "rate", data, ticket=f"t{number}", after=last
                ),
            )

        first = [send(number) for number in range(3)]
        assert [send(number) for number in range(3)] == first
        return first

    with ThreadPoolExecutor(30) as threads:
        acknowledged = list(itertools.chain(*threads.map(take_part, range(30))))
    acts = open_sessions(address).acts(session.id)
    assert [act.seq for act in acts] == list(range(1, 1 + 1 + 30 + 90))
    joined = [act for act in acts if act.act == "join"]
    assert sorted(act.data["person"] for act in joined) == list(range(30))
    rated = [act for act in acts if act.act == "rate"]
    assert sorted(acknowledged, key=lambda act: act.seq) == rated
    assert len({(act.seat, act.ticket) for act in rated}) == 90


def test_closing_ends_the_code_the_joins_and_the_acts_but_not_the_reading(
    sessions: Sessions, opened: Opened
) -> None:
    session, seated = opened
    closing = rate(sessions, opened, act="close", data={}, closes=True)
    assert sessions.find(session.code) is None
    assert sessions.return_to(session.code, seated.back) is None
    with pytest.raises(RecordsError, match="This review session is closed"):
        sessions.sit(session.id, {}, after=2)
    with pytest.raises(RecordsError, match="This review session is closed"):
        rate(sessions, opened, ticket="t2", after=2)
    assert (sessions.last(session.id), seats(sessions)) == (2, 1)
    assert rate(sessions, opened, act="close", data={}, closes=True) == closing
    found = sessions.seat_of(seated.secret)
    assert found
    assert found[0].closed == closing.at == sessions.get(session.id).closed


def test_sessions_are_listed_with_the_newest_first(sessions: Sessions, opened: Opened) -> None:
    second, _ = sessions.open("mental-health", "live", data={})
    rate(sessions, opened, closes=True)
    assert sessions.listed() == [second, sessions.get(opened[0].id)]


def test_a_code_is_found_however_it_is_typed(sessions: Sessions, opened: Opened) -> None:
    session, _ = opened
    plain = session.code.replace("-", "")
    for typed in (session.code, plain.lower(), f" {plain[:2]} {plain[2:5]}\u2013{plain[5:]}\n"):
        assert sessions.find(typed) == session
    for wrong in ("", "-", plain[:5], f"{plain}7", "\x00", "%", "_" * 7):
        assert sessions.find(wrong) is None


def test_codes_have_no_look_alikes_and_no_vowels(sessions: Sessions) -> None:
    several = [sessions.open(CASE, "live", data={}) for _ in range(20)]
    for session, seated in several:
        assert re.fullmatch(r"[A-Z2-9]{3}-[A-Z2-9]{3}", session.code)
        assert re.fullmatch(r"[A-Z2-9]{4}-[A-Z2-9]{4}", seated.back)
        assert not set(session.code + seated.back) & set("01ABEGIOSUYZ")
    assert len({session.code for session, _ in several}) == 20


def test_a_code_that_is_taken_is_not_given_again(
    sessions: Sessions, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = opened[0].code
    codes = iter([taken, "HHH-HHH", "AAAA-AAAA"])
    monkeypatch.setattr(sessions_module, "_new_code", lambda length: next(codes))
    assert sessions.open(CASE, "live", data={})[0].code == "HHH-HHH"
    monkeypatch.setattr(sessions_module, "_new_code", lambda length: taken)
    with pytest.raises(RecordsError, match="no free join code was found"):
        sessions.open(CASE, "live", data={})
    assert (len(sessions.listed()), seats(sessions)) == (2, 2)


def test_no_secret_is_stored_in_clear(sessions: Sessions, opened: Opened) -> None:
    session, seated = opened
    joined = sessions.sit(session.id, {}, after=1)
    back = sessions.return_to(session.code, joined.back)
    assert back
    with sessions._database.reading() as connection:
        tables = metadata.tables.values()
        rows = [row for table in tables for row in connection.execute(select(table))]
    kept = "\n".join(map(str, rows))
    assert seated.seat in kept
    for given in (seated, joined, back):
        for secret in (given.secret, given.back, given.back.replace("-", "")):
            assert secret not in kept


def test_a_return_code_gives_the_same_seat_and_ends_the_old_secret(
    sessions: Sessions, opened: Opened
) -> None:
    session, seated = opened
    typed = seated.back.lower().replace("-", " ")
    again = sessions.return_to(session.code.lower(), typed)
    assert again
    assert (again.seat, again.back) == (seated.seat, seated.back)
    assert sessions.seat_of(seated.secret) is None
    assert sessions.seat_of(again.secret) == (session, seated.seat)
    assert sessions.last(session.id) == 1


def test_a_wrong_return_code_gives_nothing_and_changes_nothing(
    sessions: Sessions, opened: Opened
) -> None:
    session, seated = opened
    other, elsewhere = sessions.open(CASE, "live", data={})
    wrong = [
        (session.code, elsewhere.back),
        (other.code, seated.back),
        (session.code, seated.back[:-1]),
        (session.code, ""),
        ("", seated.back),
        (session.code, seated.secret),
    ]
    assert [sessions.return_to(*codes) for codes in wrong] == [None] * len(wrong)
    assert sessions.seat_of(seated.secret) == (session, seated.seat)
    assert sessions.seat_of(seated.back) is None


@pytest.fixture
def on_file(file: Path) -> Iterator[tuple[Sessions, Opened, sqlite3.Connection]]:
    """A session on a SQLite file, and somebody else who holds the file for themselves."""
    sessions = Sessions(database.open_database(f"sqlite:///{file}"))
    opened = sessions.open(CASE, "live", data={})
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    yield sessions, opened, other
    other.close()


def test_an_act_waits_for_a_locked_file(
    on_file: tuple[Sessions, Opened, sqlite3.Connection],
) -> None:
    sessions, opened, other = on_file
    threading.Timer(2, lambda: other.execute("COMMIT")).start()
    act = rate(sessions, opened)
    assert not other.in_transaction
    assert sessions.acts(opened[0].id, since=1) == [act]


def test_a_file_that_stays_locked_is_an_error_and_nothing_is_written(
    on_file: tuple[Sessions, Opened, sqlite3.Connection], file: Path
) -> None:
    sessions, opened, other = on_file
    hasty = Sessions(database.open_database(f"sqlite:///{file}", busy_seconds=0.1))
    with pytest.raises(RecordsError, match=r"were not saved: .*database is locked"):
        rate(hasty, opened, closes=True)
    with pytest.raises(RecordsError, match=r"were not saved: .*database is locked"):
        hasty.sit(opened[0].id, {}, after=1)
    other.execute("COMMIT")
    assert (sessions.last(opened[0].id), seats(sessions)) == (1, 1)
    assert rate(hasty, opened).seq == 2


KILLED = """
import sys
from phbkit.meeting.sessions import open_sessions
address, session, seat = sys.argv[1:]
sessions = open_sessions(address)
for last in range(1, 1_000_000):
    act = sessions.append(session, seat, "rate", {"n": last}, ticket=str(last), after=last)
    print(act.seq, flush=True)
"""


def test_a_killed_process_loses_no_acknowledged_act(file: Path) -> None:
    address = f"sqlite:///{file}"
    session, seated = open_sessions(address).open(CASE, "live", data={})
    arguments = [sys.executable, "-c", KILLED, address, session.id, seated.seat]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        acknowledged = [int(process.stdout.readline()) for _ in range(100)]
        process.kill()
        acknowledged += map(int, process.stdout.read().split())
    assert process.returncode == -9
    sessions = open_sessions(address)
    acts = sessions.acts(session.id, since=1)
    assert acknowledged == list(range(2, len(acknowledged) + 2))
    assert [act.seq for act in acts][: len(acknowledged)] == acknowledged
    assert len(acts) - len(acknowledged) in {0, 1}
    assert [act.data for act in acts] == [{"n": act.seq - 1} for act in acts]
    assert rate(sessions, (session, seated), after=sessions.last(session.id))


def test_a_meeting_in_which_nothing_was_done_for_long_is_erased_with_a_trace(
    sessions: Sessions, opened: Opened
) -> None:
    other, _ = sessions.open(CASE, "training", data={})
    between = sessions._database.clock()
    rate(sessions, opened)
    assert sessions.erase_old(between) == 1
    assert [each.id for each in sessions.listed()] == [opened[0].id]
    assert sessions.acts(other.id) == []
    assert sessions.erase_old(sessions._database.clock()) == 1
    rows = [sessions._database.rows(select(table)) for table in metadata.sorted_tables]
    assert [row.act for table in rows for row in table] == ["meeting erased"] * 2


def test_of_a_meeting_that_was_erased_no_word_stays_in_a_file_of_the_database(file: Path) -> None:
    sessions = open_sessions(f"sqlite:///{file}")
    opened = sessions.open(CASE, "live", {"title": "Home for Zebedee"}, data={})
    for number in range(1, 21):
        said = {"text": "what Zebedee said " * 90}
        rate(sessions, opened, ticket=f"t{number}", after=number, data=said)
    assert sessions.erase_old(database.now()) == 1
    left = b"".join(each.read_bytes() for each in file.parent.iterdir())
    assert b"CREATE TABLE seat" in left
    assert b"Zebedee" not in left
