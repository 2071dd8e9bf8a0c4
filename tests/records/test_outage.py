"""A database that goes away is told apart from answers that cannot be taken, and is used again."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest

from phbkit.casebank import Case
from phbkit.errors import UnreachableError
from phbkit.records.attempts import Store
from phbkit.records.database import open_database
from phbkit.workbook.live import LiveModule
from phbkit.workbook.module import Module
from tests.databases import Outage, postgresql
from tests.made import unseen

BUSY_SECONDS = 2


@contextmanager
def locked(address: str) -> Iterator[None]:
    """Hold what every write needs, as another program would that works on the same database."""
    if address.startswith("sqlite"):
        with closing(
            sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)
        ) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
        return
    with psycopg.connect(address.replace("+psycopg", "")) as connection:
        connection.execute("LOCK TABLE attempt IN ACCESS EXCLUSIVE MODE")
        yield


def test_what_could_not_be_written_is_written_once_when_the_database_is_back(
    outage: Outage,
) -> None:
    store = Store(open_database(outage.address, busy_seconds=0.2))
    journal = store.journal(store.start("ann", "c", "v1").id)
    outage.begin()
    for _ in range(2):
        with pytest.raises(UnreachableError):
            journal.append("s1", "judge", {"a": 1}, after=0)
    outage.end()
    moment = journal.append("s1", "judge", {"a": 1}, after=0)
    assert journal.append("s1", "judge", {"a": 1}, after=0) == moment
    assert [event.question for event in journal.events()] == ["a", ""]


def test_a_browser_is_told_to_send_it_again_and_nothing_of_where_the_database_is(
    outage: Outage, case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(open_database(outage.address, busy_seconds=0.2))
    journal = store.journal(store.start("ann", case.id, case.version).id)
    playing = LiveModule(Module(case, journal), unseen)
    save = {"do": "save", "ticket": "t1", "values": {}}
    outage.begin()
    told = playing.answer("meet", save)[0]
    outage.end()
    assert told == {"did": "later", "problems": {"": UnreachableError.told}, "ticket": "t1"}
    assert "The answers were not saved" in caplog.text
    assert playing.answer("meet", save)[0]["did"] == "saved"
    assert playing.answer("meet", save)[0]["did"] == "saved"
    assert len(journal.events()) == 1


def test_what_waits_behind_a_draft_for_a_locked_database_does_not_wait_as_long_again(
    address: str, case: Case
) -> None:
    store = Store(open_database(address, busy_seconds=BUSY_SECONDS))
    journal = store.journal(store.start("ann", case.id, case.version).id)
    playing = LiveModule(Module(case, journal), unseen)

    def send(what: str, ticket: str) -> dict[str, Any]:
        return playing.answer("meet", {"do": what, "ticket": ticket, "values": {}})[0]

    with locked(address):
        begun = time.monotonic()
        replies = [send("draft", "t0"), send("save", "t1"), send("save", "t1")]
        waited = time.monotonic() - begun
    assert [reply["did"] for reply in replies] == ["later"] * 3
    assert BUSY_SECONDS <= waited < 2 * BUSY_SECONDS
    assert send("save", "t1")["did"] == "saved"
    with locked(address):
        begun = time.monotonic()
        assert send("draft", "t2")["did"] == "refused"  # the step is answered
        with pytest.raises(UnreachableError):
            journal.keep_draft("judge", {})
        assert time.monotonic() - begun >= BUSY_SECONDS


def test_a_server_that_lets_in_and_says_nothing_is_given_up_in_time() -> None:
    with postgresql() as running, ThreadPoolExecutor(1) as threads:
        store = Store(open_database(running.address, busy_seconds=4))
        store._database.engine.dispose()
        with running.frozen(), pytest.raises(UnreachableError):
            threads.submit(store.latest, "ann", "c").result(timeout=30)
        assert store.latest("ann", "c") is None


def test_a_database_that_went_away_and_came_back_unnoticed_is_found_at_once(
    outage: Outage,
) -> None:
    store = Store(open_database(outage.address))
    assert store.latest("ann", "c") is None
    outage.begin()
    outage.end()
    assert store.start("ann", "c", "v1") == store.latest("ann", "c")
