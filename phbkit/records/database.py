"""The database: its address, durable writes, waits that end in time, tables up to date."""

from __future__ import annotations

import datetime as dt
import os
import re
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from phbkit.errors import RecordsError, UnreachableError
from phbkit.records.schema import metadata

HEAD = "0003"
_ADDED_TABLES = {None, "0001", "0002"}  # up to HEAD every version did nothing but add tables
_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 4
_BUSY_SECONDS_IN_A_ROW = 0.1
_OPENING_SECONDS = 10
_LOOK_MS = 20  # how long SQLite waits by itself before a write is tried anew
_PASSING = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)

Clock = Callable[[], dt.datetime]


def now() -> dt.datetime:
    """Return the server's time, in UTC."""
    return dt.datetime.now(tz=dt.UTC)


class Database:
    """A database of records, and the clock that dates what is written to it.

    A transaction waits `busy_seconds` for others to let go of what it needs. After one that waited
    in vain the next ones that read, or write, as it did hardly wait, until one is through: messages
    of a page are answered one after the other, and all those behind the first would else wait as
    long each, which is longer than a page has patience.

    Parameters
    ----------
    engine
        Of SQLite or PostgreSQL. Its transactions begin as this class says.
    busy_seconds
        How long SQLite waits for another write to end, and PostgreSQL for a lock.
    clock
        Returns the time, with its time zone.
    """

    def __init__(self, engine: sa.Engine, busy_seconds: float, clock: Clock = now) -> None:
        self.engine, self.clock = engine, clock
        self._busy_seconds = busy_seconds
        self._waited_in_vain: set[bool] = set()  # those that write, those that do not
        sa.event.listen(engine, "begin", self._begin)

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """Open a transaction whose failure is a RecordsError."""
        return self._transaction("The answers could not be read", write=False)

    def writing(self) -> AbstractContextManager[sa.Connection]:
        """Open a write transaction whose failure is a RecordsError, or an IntegrityError."""
        return self._transaction("The answers were not saved", write=True)

    def rows(self, query: sa.Executable) -> Sequence[Any]:
        """Read every row that a query selects, in a transaction of its own."""
        with self.reading() as connection:
            return connection.execute(query).all()

    def row(self, query: sa.Executable) -> Any:
        """Read the only row that a query selects, in a transaction of its own."""
        with self.reading() as connection:
            return connection.execute(query).one_or_none()

    @contextmanager
    def _transaction(self, failure: str, *, write: bool) -> Iterator[sa.Connection]:
        try:
            with self.engine.execution_options(write=write).begin() as connection:
                yield connection
        except sa.exc.IntegrityError:
            raise
        except _PASSING as error:
            self._waited_in_vain.add(write)
            raise UnreachableError(f"{failure}: {_reason(error)}") from error
        except (sa.exc.SQLAlchemyError, TypeError) as error:  # psycopg finds late what is not JSON
            raise RecordsError(f"{failure}: {_reason(error)}") from error
        self._waited_in_vain.discard(write)

    def _begin(self, connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        in_vain = write in self._waited_in_vain
        seconds = _BUSY_SECONDS_IN_A_ROW if in_vain else self._busy_seconds
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(seconds * 1000)}")
        elif write:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_LOOK_MS}")
            _until_free(partial(connection.exec_driver_sql, "BEGIN IMMEDIATE"), seconds)
        else:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
            connection.exec_driver_sql("BEGIN")


_ready: dict[str, Database] = {}


def keep_ready(address: str, read: Callable[[Database], None]) -> None:
    """Open the records and read them once, so that copies of this process need only connect.

    Raises
    ------
    RecordsError
        As `open_database` does.
    """
    database = open_database(address)
    try:
        read(database)
    finally:
        database.engine.dispose()  # a connection must not be copied
    _ready[address] = database


def open_database(
    address: str, *, busy_seconds: float = _BUSY_SECONDS, clock: Clock = now
) -> Database:
    """Open the records at a SQLAlchemy address, bringing their tables up to date.

    `busy_seconds` is how long a transaction waits for others, and how long PostgreSQL may take to
    let us in.

    Raises
    ------
    RecordsError
        The address is not one, the place cannot be written, or a newer phbkit made the tables.
    """
    if address in _ready and (busy_seconds, clock) == (_BUSY_SECONDS, now):
        return _ready[address]
    url = parse(address)
    try:
        if url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}:
            _keep_private(Path(str(url.database)))
        engine = sa.create_engine(url, **_patience(url, busy_seconds))
        if url.get_backend_name() == "sqlite":
            _make_durable(engine, busy_seconds)
        database = Database(engine, busy_seconds, clock)
        _bring_up_to_date(_patient(engine))
    except (sa.exc.ArgumentError, ValueError) as error:
        raise _no_address(address) from error
    except (sa.exc.SQLAlchemyError, OSError, ImportError) as error:
        raise RecordsError(
            f"The records at {without_password(address)} cannot be opened: {_reason(error)}"
        ) from error
    return database


def parse(address: str) -> sa.URL:
    """Read a SQLAlchemy address, or raise RecordsError."""
    try:
        return sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise _no_address(address) from error


def _no_address(address: str) -> RecordsError:
    return RecordsError(
        f"PHB_DATABASE: {without_password(address)!r} is not a database address. "
        "Write it like sqlite:////home/me/records.sqlite."
    )


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0]


def _patience(url: sa.URL, seconds: float) -> dict[str, Any]:
    """Have a PostgreSQL server that went away noticed in time, and found again when it is back.

    A transaction may find its connection dead and then find no other: the two waits share the time.
    """
    if url.get_backend_name() != "postgresql":
        return {}
    waits = {"connect_timeout": round(seconds / 2), "tcp_user_timeout": round(seconds * 500)}
    unset = {name: wait for name, wait in waits.items() if name not in url.query}
    return {"pool_pre_ping": True, "connect_args": unset}


def _patient(engine: sa.Engine) -> sa.Engine:
    """Return an engine to open the records with: no page waits for that, and many may be let in."""
    if engine.dialect.name != "postgresql" or "connect_timeout" in engine.url.query:
        return engine
    waits = {"connect_timeout": _OPENING_SECONDS}
    return sa.create_engine(engine.url, poolclass=sa.NullPool, connect_args=waits)


def alone(connection: sa.Connection, name: str) -> None:
    """Let no other transaction hold `name` before this one ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        lock = sa.func.pg_advisory_xact_lock(zlib.crc32(name.encode()))
        connection.execute(sa.select(lock))


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


def _make_durable(engine: sa.Engine, busy_seconds: float) -> None:
    @sa.event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy, not sqlite3, says when a transaction begins
        connection.execute(f"PRAGMA busy_timeout = {_LOOK_MS}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _until_free(partial(connection.execute, "PRAGMA journal_mode = WAL"), busy_seconds)


def _until_free(attempt: Callable[[], object], seconds: float) -> None:
    """Try something until others have let go of the file.

    SQLite waits for itself, but looks less and less often, so that who has waited longest is the
    last to get in; and not at all where a file is switched to write-ahead logging.
    """
    give_up = time.monotonic() + seconds
    while True:
        try:
            attempt()
        except (sqlite3.OperationalError, sa.exc.OperationalError) as error:
            cause: Any = getattr(error, "orig", error)
            is_busy = cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # of whatever kind
            if not is_busy or time.monotonic() > give_up:
                raise
            time.sleep(0.005)
        else:
            return


def _bring_up_to_date(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return
    with engine.execution_options(write=True).begin() as connection:
        alone(connection, "migrations")
        version = _version(connection)  # another program may have been first
        if version != HEAD:
            _upgrade(connection, version)


def _upgrade(connection: sa.Connection, version: str | None) -> None:
    """Bring the tables of a version forward to this one, in the transaction of the connection.

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
    config.attributes["connection"] = connection
    if version in _ADDED_TABLES:
        metadata.create_all(connection)
        command.stamp(config, HEAD, purge=True)
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise RecordsError(
            f"The records at {connection.engine.url} are of a version this phbkit does not know. "
            "Install the phbkit that wrote them, or a newer one."
        ) from error


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
