"""Databases of every earlier version, filled, and brought forward to this one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Column, DateTime, Integer, MetaData, create_engine, insert, select

from phbkit.records import database, open_store
from phbkit.records.database import open_database, upgrade, writing

NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
SCRIPTS = ScriptDirectory(str(Path(database.__file__).parent / "migrations"))
EARLIER = [each.revision for each in SCRIPTS.walk_revisions()][1:]
ROWS = 3


def value(column: Column[Any], row: int) -> Any:
    """Make up something that a column takes, and that ties rows to those they belong to."""
    if isinstance(column.type, DateTime):
        return NOON + dt.timedelta(minutes=row)
    if isinstance(column.type, JSON):
        return {"words": f"é {row}"}
    if isinstance(column.type, Integer):
        return row + 1
    return f"{'x' if column.foreign_keys or column.name == 'id' else column.name[:3]}{row}"


def content(address: str) -> dict[str, list[dict[str, Any]]]:
    """Read every row of every table but the migrations' own."""
    engine, tables = create_engine(address), MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        found = {
            table.name: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in tables.sorted_tables
            if table.name != "alembic_version"
        }
    engine.dispose()
    return found


def filled(address: str, revision: str) -> None:
    """Make the tables of a revision, with rows in each."""
    engine, tables = create_engine(address), MetaData()
    upgrade(engine, revision)
    tables.reflect(engine)
    with writing(engine) as connection:
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                rows = [{c.name: value(c, row) for c in table.columns} for row in range(ROWS)]
                connection.execute(insert(table), rows)
    engine.dispose()


@pytest.mark.parametrize("revision", EARLIER)
def test_a_filled_database_of_an_earlier_version_is_brought_forward_whole(
    address: str, file: Path, revision: str
) -> None:
    file.parent.mkdir()
    filled(address, revision)
    before = content(address)
    assert {len(rows) for rows in before.values()} == {ROWS}
    open_database(address).dispose()
    after = content(address)
    assert set(before) <= set(after)
    for name, rows in before.items():
        common = rows[0].keys() & (after[name][0].keys())
        assert common == rows[0].keys(), name
        assert [{key: row[key] for key in common} for row in after[name]] == rows
    store = open_store(address)
    journal = store.journal("x0")
    [kept] = journal.events()
    journal.append("new", "judge", {"a": 1}, after=kept.seq)
    assert [event.value for event in journal.events()] == [{"words": "é 0"}, 1, None]


def test_there_is_an_earlier_version() -> None:
    assert "0001" in EARLIER
