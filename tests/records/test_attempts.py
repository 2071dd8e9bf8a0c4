"""The store, on a real file and a real server: nothing twice, stale or half-written."""

from __future__ import annotations

import datetime as dt
import itertools
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, make_url

from phbkit.cohort.register import chosen_answers
from phbkit.errors import RecordsError, RefusedError, UnreachableError
from phbkit.records import Journal, MemoryJournal, StaleError, database, open_store
from phbkit.records.attempts import MOST_A_DAY, Attempt, Store
from phbkit.records.journal import answers_in
from phbkit.records.schema import metadata

NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
PATIENT = 60  # seconds, where many write at once on a machine that may be busy


@pytest.fixture
def store(address: str) -> Store:
    """A store whose clock moves on a minute each time it is read, in another time zone."""
    india = NOON.astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30)))
    ticks = (india + dt.timedelta(minutes=n) for n in itertools.count())
    return Store(database.open_database(address, clock=lambda: next(ticks)))


@pytest.fixture
def attempt(store: Store) -> Attempt:
    return store.start("ann", "chronic-pain-massage", "v1")


@pytest.fixture(params=["database", "memory"])
def journal(request: pytest.FixtureRequest, store: Store, attempt: Attempt) -> Journal:
    return store.journal(attempt.id) if request.param == "database" else MemoryJournal(NOON)


COPIES = """
import multiprocessing, sys
from phbkit.records import open_store
from phbkit.records.attempts import Store
from phbkit.records.database import keep_ready

def play(learner):
    store = open_store(sys.argv[1])
    journal = store.journal(store.resume(learner, "c", "v").id)
    for n in range(30):
        journal.append(f"s{n}", "judge", {"q": n}, after=2 * n)

keep_ready(sys.argv[1], lambda database: Store(database).latest("", ""))
fork = multiprocessing.get_context("fork")
copies = [fork.Process(target=play, args=(learner,)) for learner in ("ann", "bea", "cy")]
for each in copies: each.start()
for each in copies: each.join()
"""


def dump(file: Path) -> list[str]:
    with sqlite3.connect(file) as connection:
        return list(connection.iterdump())


def written(journal: Journal) -> list[tuple[int, str, str, Any]]:
    return [(event.seq, event.step, event.question, event.value) for event in journal.events()]


def test_whoever_opens_the_records_of_a_server_shares_two_connections(server: str) -> None:
    database.keep_ready(server)
    shared = database.open_database(server)
    assert database.open_database(server) is shared
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(shared.engine.connect())
    assert shared.engine.pool.status().startswith("Pool size: 2  Connections in pool: 2")
    shared.engine.dispose()


def test_events_are_kept_in_the_order_written_and_close_their_step(journal: Journal) -> None:
    journal.append("s1", "judge", {"b": [1, "é"], "a": None}, after=0)
    journal.append("s2", "deal", {}, after=3)
    assert written(journal) == [
        (1, "judge", "b", [1, "é"]),
        (2, "judge", "a", None),
        (3, "judge", "", None),
        (4, "deal", "", None),
    ]
    assert [event.submission for event in journal.events()] == ["s1", "s1", "s1", "s2"]


def test_the_same_submission_twice_counts_once_and_gives_the_first_time(journal: Journal) -> None:
    first = journal.append("s1", "judge", {"a": 1}, after=0)
    journal.append("s2", "deal", {}, after=2)
    before = journal.events()
    assert journal.append("s1", "judge", {"a": 2}, after=0) == first
    assert journal.events() == before


@pytest.mark.parametrize("after", [0, 1, 3, -1])
def test_a_stale_writer_is_refused_and_nothing_is_written(journal: Journal, after: int) -> None:
    journal.append("s1", "judge", {"a": 1}, after=0)
    before = journal.events()
    with pytest.raises(StaleError, match=f"has 2 events, not {after}"):
        journal.append("s2", "deal", {"b": 1}, after=after)
    assert journal.events() == before


def test_an_answer_that_cannot_be_written_leaves_nothing_of_its_step(
    store: Store, attempt: Attempt
) -> None:
    journal = store.journal(attempt.id)
    journal.keep_draft("judge", {"a": "typed"})
    with pytest.raises(RecordsError, match="The answers were not saved"):
        journal.append("s1", "judge", {"a": 1, "b": object()}, after=0)
    assert journal.events() == []
    assert journal.draft("judge") == {"a": "typed"}


def test_a_draft_is_replaced_by_the_next_and_removed_by_the_answer(
    store: Store, attempt: Attempt
) -> None:
    journal = store.journal(attempt.id)
    assert journal.draft("judge") == {}
    journal.keep_draft("judge", {"a": "1", "b": ["x"]})
    journal.keep_draft("judge", {"a": "2"})
    journal.keep_draft("deal", {"c": "3"})
    assert journal.draft("judge") == {"a": "2"}
    assert journal.events() == []
    journal.append("s1", "judge", {"a": 2}, after=0)
    assert (journal.draft("judge"), journal.draft("deal")) == ({}, {"c": "3"})


def test_reopening_the_database_gives_the_same_events(
    store: Store, attempt: Attempt, address: str
) -> None:
    store.journal(attempt.id).append("s1", "judge", {"a": {"hours": "0.50"}}, after=0)
    again = open_store(address)
    assert again.latest("ann", attempt.case_id) == attempt
    assert again.journal(attempt.id).events() == store.journal(attempt.id).events()


def test_times_come_back_in_utc_whatever_clock_wrote_them(store: Store, attempt: Attempt) -> None:
    journal = store.journal(attempt.id)
    moment = journal.append("s1", "judge", {"a": 1}, after=0)
    again = journal.append("s1", "judge", {"a": 1}, after=0)
    times = [event.at for event in journal.events()]
    kept = store.latest("ann", attempt.case_id)
    assert kept is not None
    assert moment == again == times[0] == times[1] == NOON + dt.timedelta(minutes=1)
    assert store.closed_steps(attempt.id) == {"judge": moment}
    assert {time.tzinfo for time in [*times, again, kept.started]} == {dt.UTC}


def test_a_learner_goes_on_with_their_own_latest_attempt(store: Store, attempt: Attempt) -> None:
    newer = store.start("ann", attempt.case_id, "v2")
    assert store.resume("ann", attempt.case_id, "v2") == newer
    other = store.resume("ben", attempt.case_id, "v2")
    assert other.id not in {attempt.id, newer.id}
    assert store.latest("ann", "another-case") is None


def test_of_two_writers_at_the_same_moment_one_wins(address: str) -> None:
    store = open_store(address)
    attempt = store.start("ann", "c", "v1")
    together = threading.Barrier(2)

    def write(name: str) -> str:
        together.wait()
        try:
            store.journal(attempt.id).append(name, "judge", {"who": name}, after=0)
        except StaleError:
            return "stale"
        return name

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(write, ["one", "two"]))
    assert outcomes.count("stale") == 1
    [winner] = set(outcomes) - {"stale"}
    assert written(store.journal(attempt.id)) == [
        (1, "judge", "who", winner),
        (2, "judge", "", None),
    ]


def test_many_attempts_at_once_all_land(address: str) -> None:
    store = Store(database.open_database(address, busy_seconds=PATIENT))

    def play(learner: int) -> str:
        attempt = store.start(f"learner-{learner}", "c", "v1")
        journal = store.journal(attempt.id)
        for step in range(10):
            journal.keep_draft(f"step-{step}", {"a": "typed"})
            journal.append(f"s{step}", f"step-{step}", {"a": learner}, after=2 * step)
        return attempt.id

    with ThreadPoolExecutor(8) as threads:
        attempts = list(threads.map(play, range(16)))
    for learner, attempt in enumerate(attempts):
        events = store.journal(attempt).events()
        assert [event.seq for event in events] == list(range(1, 21))
        assert {event.value for event in events if event.question} == {learner}


def test_learners_who_go_on_at_the_same_moment_begin_one_attempt(address: str) -> None:
    store = Store(database.open_database(address, busy_seconds=PATIENT))
    together = threading.Barrier(8)

    def resume(_: int) -> list[str]:
        ids = []
        for learner in range(20):
            together.wait()
            ids.append(store.resume(f"learner-{learner}", "c", "v1").id)
        return ids

    with ThreadPoolExecutor(8) as threads:
        of_each = zip(*threads.map(resume, range(8)), strict=True)
    assert [len(set(ids)) for ids in of_each] == [1] * 20


def test_drafts_of_one_step_from_several_windows_at_once_are_taken(address: str) -> None:
    store = Store(database.open_database(address, busy_seconds=PATIENT))
    journal = store.journal(store.start("ann", "c", "v1").id)

    def type_in(window: int) -> None:
        for _ in range(10):
            journal.keep_draft("judge", {"a": window})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(type_in, range(8)))
    assert journal.draft("judge")["a"] in range(8)


def test_a_new_database_opened_by_many_at_once_is_made_once(address: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        stores = list(threads.map(lambda _: open_store(address), range(8)))
    ids = {store.start("ann", "c", "v1").id for store in stores}
    assert len(ids) == 8


def test_writes_are_durable_and_checked(file: Path) -> None:
    with database.open_database(f"sqlite:///{file}").reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
    }


def test_a_new_database_is_what_the_schema_says(address: str) -> None:
    with database.open_database(address).reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    indexes: dict[str, list[list[str]]] = {"add_index": [], "remove_index": []}
    for operation, index in differences:
        indexes[operation].append([index.table.name, *index.columns.keys()])
    assert indexes["add_index"] == indexes["remove_index"]


@pytest.mark.parametrize("address", ["records.sqlite", "", "nosuch://here", "sqlite:/records"])
def test_an_address_that_is_none_says_how_to_write_one(address: str) -> None:
    with pytest.raises(RecordsError, match=r"Write it like sqlite:////home/me/records\.sqlite"):
        open_store(address)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("not a database, and long enough not to look like an empty one\n" * 20)
    for place in (taken / "records.sqlite", tmp_path, taken):
        with pytest.raises(RecordsError, match=f"records at sqlite:///{place} cannot be opened: ."):
            open_store(f"sqlite:///{place}")


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_keep_every_word_is_told_how_to_make_one(
    server: str, encoding: str
) -> None:
    url = make_url(server)
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        like = "ENCODING '{}' LOCALE 'C' TEMPLATE template0"
        connection.execute(f"CREATE DATABASE {url.database}_x {like.format(encoding)}".encode())
        try:
            with pytest.raises(RecordsError, match=f"{encoding}.*createdb --encoding=UTF8 --templ"):
                open_store(f"{server}_x")
        finally:
            connection.execute(f"DROP DATABASE {url.database}_x WITH (FORCE)".encode())


def test_a_full_disk_is_told_plainly(file: Path) -> None:
    records = database.open_database(f"sqlite:///{file}")
    limit = "PRAGMA max_page_count = 1"
    event.listen(records.engine, "checkout", lambda connection, *_: connection.execute(limit))
    journal = Store(records).journal(Store(records).start("ann", "c", "v").id)
    with pytest.raises(UnreachableError, match=r"not saved: The disk is full\. Make room"):
        journal.append("s1", "judge", {"a": "long " * 100_000}, after=0)


def test_a_full_disk_of_a_server_is_told_plainly(server: str) -> None:
    store = open_store(server)
    says = "could not extend file: No space left on device"
    with psycopg.connect(server.replace("+psycopg", "")) as connection:
        connection.execute(
            "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE disk_full USING MESSAGE = '{says}'; END $$"
        )
        connection.execute("CREATE TRIGGER t BEFORE INSERT ON attempt EXECUTE FUNCTION fails()")
    with pytest.raises(UnreachableError, match="not saved: The disk of the database is full"):
        store.start("ann", "c", "v")


def test_a_database_that_follows_another_is_told_plainly(server: str) -> None:
    store = open_store(server)
    url = make_url(server)
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        read_only = "SET default_transaction_read_only = on"
        connection.execute(f"ALTER DATABASE {url.database} {read_only}".encode())
    store._database.engine.dispose()
    with pytest.raises(UnreachableError, match="follows another one, or recovers"):
        store.start("ann", "c", "v")


def test_records_of_a_newer_phbkit_are_refused_and_left_alone(file: Path) -> None:
    store = open_store(f"sqlite:///{file}")
    attempt = store.start("ann", "c", "v1")
    store.journal(attempt.id).append("s1", "judge", {"a": 1}, after=0)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = dump(file)
    with pytest.raises(RecordsError, match="Install the phbkit that wrote them, or a newer one"):
        open_store(f"sqlite:///{file}")
    assert dump(file) == before


def test_records_kept_ready_serve_copies_of_the_process_each_by_its_own_connection(
    address: str,
) -> None:
    copies = subprocess.run(
        [sys.executable, "-c", COPIES, address], capture_output=True, text=True, check=False
    )
    assert copies.stderr == ""
    store = open_store(address)
    read = chosen_answers(store._database, ["c"], "latest")
    kept = {each.learner: answers for each, answers in read}
    assert kept == {learner: {"q": 29} for learner in ("ann", "bea", "cy")}
    for learner in kept:
        latest = store.latest(learner, "c")
        assert latest
        assert len(store.journal(latest.id).events()) == 60


def test_a_submission_that_stops_its_step_is_kept_and_closes_nothing(journal: Journal) -> None:
    journal.keep_draft("gates", {"g": "b"})
    journal.append("one", "gates", {"g": "b"}, after=0, closes=False)
    assert [(e.question, e.value) for e in journal.events()] == [("g", "b")]
    assert journal.draft("gates") == {}
    journal.append("one", "gates", {"g": "b"}, after=0, closes=False)
    assert len(journal.events()) == 1
    journal.append("two", "gates", {"g": "c"}, after=1)
    assert [e.question for e in journal.events()] == ["g", "g", ""]


def test_the_first_answer_stays_where_a_step_was_stopped_and_the_last_elsewhere(
    journal: Journal,
) -> None:
    journal.append("a", "plan", {"plan": ["x"], "q": "b"}, after=0, closes=False)
    journal.append("b", "plan", {"plan": ["x", "y"], "q": "c"}, after=2)
    journal.append("c", "plan", {"plan": ["y"]}, after=5)
    assert answers_in(journal.events()) == {"plan": ["y"], "q": "b", "q.again": ["c"]}
    journal.append("d", "decide", {"decision": {"choice": "agree"}}, after=7, closes=False)
    journal.append("e", "plan", {"plan": ["z"]}, after=8)
    journal.append("f", "decide", {"decision": {"choice": "trial"}}, after=10)
    assert answers_in(journal.events()) == {
        "plan": ["y"],
        "plan.again": [["z"]],
        "q": "b",
        "q.again": ["c"],
        "decision": {"choice": "agree"},
        "decision.again": [{"choice": "trial"}],
    }


def test_the_latest_attempt_is_read_with_every_try(store: Store, attempt: Attempt) -> None:
    journal = store.journal(attempt.id)
    journal.append("one", "gates", {"g": "b"}, after=0, closes=False)
    journal.append("two", "gates", {"g": "c"}, after=1)
    [(found, answers)] = chosen_answers(store._database, [attempt.case_id], "first")
    assert (found.id, answers) == (attempt.id, {"g": "b", "g.again": ["c"]})


def test_a_learner_begins_so_many_attempts_a_day_at_a_case_and_keeps_them_all(address: str) -> None:
    now = [NOON]
    store = Store(database.open_database(address, clock=lambda: now[0]))
    for _ in range(MOST_A_DAY):
        latest = store.start("ann", "c", "v1")
        now[0] += dt.timedelta(minutes=1)
    now[0] += dt.timedelta(hours=23)
    with pytest.raises(RefusedError, match="20 attempts"):
        store.start("ann", "c", "v1")
    assert store.latest("ann", "c") == latest
    assert store.start("ann", "d", "v1")
    assert store.start("ben", "c", "v1")
    now[0] += dt.timedelta(hours=1)
    assert store.start("ann", "c", "v1") == store.latest("ann", "c")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://u:pa:ss@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:pa/ss@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u@h/db?password=secret&x=1", "postgresql://u@h/db?password=***&x=1"),
        ("sqlite:////home/ann/records.sqlite", "sqlite:////home/ann/records.sqlite"),
    ],
)
def test_no_part_of_a_password_is_shown(address: str, shown: str) -> None:
    assert database.without_password(address) == shown
