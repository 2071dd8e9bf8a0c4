"""Opening the database: address, durable writes, migrations."""

from __future__ import annotations

import os
import re
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionError

from phbkit.errors import RecordsError, UnreachableError

HEAD = "0003"
_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 4  # so that a draft and then an answer both wait less than a page has patience
_PASSING = (OperationalError, InterfaceError, NoConnectionError)


_ready: dict[str, Engine] = {}


def keep_ready(address: str, read: Callable[[Engine], None]) -> None:
    """Open the records and read them once, so that copies of this process need only connect.

    Raises
    ------
    RecordsError
        As `open_database` does.
    """
    engine = open_database(address)
    try:
        read(engine)
    finally:
        engine.dispose()  # a connection must not be copied
    _ready[address] = engine


def open_database(address: str, *, busy_seconds: float = _BUSY_SECONDS) -> Engine:
    """Open the records at a SQLAlchemy address, bringing their tables up to date.

    `busy_seconds` is how long SQLite waits for another write to end, and how long PostgreSQL may
    take to let us in.

    Raises
    ------
    RecordsError
        The address is not one, the place cannot be written, or a newer phbkit made the tables.
    """
    if address in _ready and busy_seconds == _BUSY_SECONDS:
        return _ready[address]
    url = parse(address)
    try:
        if url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}:
            _keep_private(Path(str(url.database)))
        engine = create_engine(url, **_patience(url, busy_seconds))
        if url.get_backend_name() == "sqlite":
            _make_durable(engine, busy_seconds)
        _migrate(engine)
    except (ArgumentError, ValueError) as error:
        raise _no_address(address) from error
    except (SQLAlchemyError, OSError, ImportError) as error:
        reason = str(error).splitlines()[0]
        raise RecordsError(
            f"The records at {without_password(address)} cannot be opened: {reason}"
        ) from error
    return engine


def parse(address: str) -> URL:
    """Read a SQLAlchemy address, or raise RecordsError."""
    try:
        return make_url(address)
    except (ArgumentError, ValueError) as error:
        raise _no_address(address) from error


def _no_address(address: str) -> RecordsError:
    return RecordsError(
        f"PHB_DATABASE: {without_password(address)!r} is not a database address. "
        "Write it like sqlite:////home/me/records.sqlite."
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a connection whose failure is a RecordsError."""
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise _failure("The answers could not be read", error) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a write transaction whose failure is a RecordsError."""
    try:
        with engine.execution_options(write=True).begin() as connection:
            yield connection
    except IntegrityError:
        raise
    except (SQLAlchemyError, TypeError) as error:  # psycopg finds late what is not JSON
        raise _failure("The answers were not saved", error) from error


def _failure(what: str, error: Exception) -> RecordsError:
    kind = UnreachableError if isinstance(error, _PASSING) else RecordsError
    return kind(f"{what}: {str(error).splitlines()[0]}")


def _patience(url: URL, seconds: float) -> dict[str, Any]:
    """Have a PostgreSQL server that went away noticed in time, and found again when it is back."""
    if url.get_backend_name() != "postgresql":
        return {}
    waits = {"connect_timeout": round(seconds), "tcp_user_timeout": round(seconds * 1000)}
    asked = {name: wait for name, wait in waits.items() if name not in url.query}
    return {"pool_pre_ping": True, "connect_args": asked}


def alone(connection: Connection, name: str) -> None:
    """Let no other transaction hold `name` before this one ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock(zlib.crc32(name.encode()))
        connection.execute(select(lock))


def without_password(address: str) -> str:
    """Return a database's address as it may be shown."""
    return re.sub(r"(?<=:)[^:/@]+(?=@)", "***", address)


def _keep_private(file: Path) -> None:
    """Make a file, and a folder for it, that only their owner can read, where there is none."""
    if not file.parent.is_dir():
        file.parent.parent.mkdir(parents=True, exist_ok=True)
        file.parent.mkdir(mode=0o700, exist_ok=True)
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))


def _make_durable(engine: Engine, busy_seconds: float) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy, not sqlite3, says when a transaction begins
        connection.execute(f"PRAGMA busy_timeout = {round(busy_seconds * 1000)}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _use_wal(connection, busy_seconds)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _use_wal(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Switch to write-ahead logging; SQLite does not wait for others by itself when it does."""
    give_up = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return


def _migrate(engine: Engine) -> None:
    if _version(engine) != HEAD:
        upgrade(engine, "head")


def upgrade(engine: Engine, revision: str) -> None:
    """Bring the tables forward to a revision.

    Raises
    ------
    RecordsError
        A newer phbkit made them.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    try:
        with engine.execution_options(write=True).begin() as connection:
            alone(connection, "migrations")
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except CommandError as error:
        raise RecordsError(
            f"The records at {engine.url} are of a version this phbkit does not know. "
            "Install the phbkit that wrote them, or a newer one."
        ) from error


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
