"""Databases of earlier versions, filled by the code of then, and brought forward to this one."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, make_url, select

from phbkit.cohort.register import Register
from phbkit.errors import RecordsError
from phbkit.meeting.sessions import Sessions
from phbkit.records import database
from phbkit.records.attempts import Store
from phbkit.records.database import open_database
from phbkit.records.schema import metadata

RELEASED = Path(__file__).parent / "released"
VERSIONS = ("0001", "0002", "0003", "0004")
ANN, SESSION = "11111111-1111-4111-8111-111111111111", "33333333-3333-4333-8333-333333333333"
NOON = dt.datetime(2026, 11, 2, 12, 0, 0, 250_000, tzinfo=dt.UTC)
FORK = multiprocessing.get_context("fork")


def content(address: str) -> dict[str, list[dict[str, Any]]]:
    """Read every row of every table but the migrations' own."""
    engine, tables = create_engine(address), MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        rows = {
            table.name: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in tables.sorted_tables
            if table.name != "alembic_version"
        }
    engine.dispose()
    return rows


def fill(address: str, version: str) -> None:
    """Make the database that a released version left behind."""
    url = make_url(address)
    script = (RELEASED / f"{version}.{url.get_backend_name()}.sql").read_text()
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).parent.mkdir()
        with sqlite3.connect(str(url.database)) as connection:
            connection.executescript(script)
        connection.close()
        return
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(script)
    engine.dispose()


@pytest.fixture(params=VERSIONS)
def released(request: pytest.FixtureRequest, address: str) -> str:
    """The address of a filled database of a released version."""
    fill(address, request.param)
    return address


def test_every_row_of_an_earlier_version_is_kept_as_it_was(released: str) -> None:
    before = content(released)
    assert all(before.values())
    open_database(released).engine.dispose()
    after = content(released)
    assert {name: after[name] for name in before} == before
    assert set(after) == set(metadata.tables)


def test_a_database_brought_forward_is_what_the_schema_says(released: str) -> None:
    with open_database(released).reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    indexes: dict[str, list[list[str]]] = {"add_index": [], "remove_index": []}
    for operation, index in differences:
        indexes[operation].append([index.table.name, *index.columns.keys()])
    assert indexes["add_index"] == indexes["remove_index"]


def test_learners_go_on_where_an_earlier_version_left_them(released: str) -> None:
    records = open_database(released)
    store = Store(records)
    attempt = store.latest("ann", "chronic-pain-massage")
    assert attempt
    assert (attempt.id, attempt.started) == (ANN, NOON)
    journal = store.journal(ANN)
    kept = [(event.step, event.question, event.value) for event in journal.events()]
    assert kept == [
        ("meet", "", None),
        ("judge", "first-lean", -1),
        ("judge", "why", "É, “so” it's"),
        ("judge", "", None),
    ]
    assert journal.draft("deal") == {"note": "typed, é"}
    journal.append("s3", "deal", {"a": 1}, after=4)
    assert journal.draft("deal") == {}
    assert journal.append("s2", "judge", {}, after=0) == NOON + dt.timedelta(minutes=3)
    assert Register(records).erase("ann").answers == 6


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_meetings_go_on_where_an_earlier_version_left_them(address: str, version: str) -> None:
    fill(address, version)
    sessions = Sessions(open_database(address, clock=lambda: NOON + dt.timedelta(hours=1)))
    assert [act.act for act in sessions.acts(SESSION)] == ["open", "join", "note"]
    assert sessions.acts(SESSION)[2].data == {"text": "it's"}
    with pytest.raises(RecordsError, match="This review session is closed"):
        sessions.sit(SESSION, {}, after=3)
    local = sessions.find("lmn pqr")
    assert local
    assert (local.subject, local.closed) == ({"title": "Ours"}, None)
    sessions.sit(local.id, {}, after=0)
    assert [act.act for act in sessions.acts(local.id)] == ["join"]


@pytest.mark.parametrize("version", VERSIONS[:2])
def test_a_program_killed_while_it_brings_tables_forward_leaves_them_as_they_were(
    address: str, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(address, version)
    before = content(address)
    make = metadata.create_all

    def make_and_end(connection: Any) -> None:
        make(connection)
        os._exit(9)  # before the version is noted

    with monkeypatch.context() as patch:
        patch.setattr(metadata, "create_all", make_and_end)
        process = FORK.Process(target=open_database, args=(address,))
        process.start()
        process.join()
    assert process.exitcode == 9
    assert content(address) == before
    open_database(address).engine.dispose()
    assert set(content(address)) == set(metadata.tables)


def test_the_migrations_end_where_the_code_expects() -> None:
    scripts = ScriptDirectory(str(Path(database.__file__).parent / "migrations"))
    assert scripts.get_current_head() == database.HEAD == VERSIONS[-1]
