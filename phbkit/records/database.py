"""The database: its address, durable writes, waits that end in time, tables up to date."""

from __future__ import annotations

import datetime as dt
import logging
import re
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from phbkit.errors import RecordsError, UnreachableError

HEAD = "0004"
_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 4
_BUSY_SECONDS_IN_A_ROW = 0.1
_OPENING_SECONDS = 10
_KEPT = 2  # connections to PostgreSQL, which has a hundred for all servers and pages
_LOOK_MS = 20  # how long SQLite waits by itself before a write is tried anew
_PASSING = (
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.InternalError,  # PostgreSQL takes no writes, as it follows another
    sa.exc.TimeoutError,
)
_PLAINLY = {  # by what SQLite or PostgreSQL say
    "disk is full": "The disk is full. Make room there; what was acknowledged is kept",
    "No space left": "The disk of the database is full. Make room there; what was acknowledged is "
    "kept",
    "read-only transaction": "The database follows another one, or recovers, and takes no writes. "
    "Set PHB_DATABASE to the one that does, or wait",
}
_COPIES_STAY = "Copies of what was deleted stay there until they end."
_log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
T = TypeVar("T")


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

    def first(self, kind: Callable[..., T], query: sa.Executable) -> T | None:
        """Make a thing of a kind of the first row that a query selects, if there is one."""
        with self.reading() as connection:
            row = connection.execute(query).first()
        return kind(*row) if row else None

    def version(self) -> str:
        """Return the version of the tables; nothing where there are none."""
        with self.reading() as connection:
            return _version(connection)

    def checkpoint(self) -> None:
        """Bring what is written into SQLite's one file, and leave nothing of it beside the file.

        What was deleted is in neither then. Who reads is waited for; who reads for longer is told
        of in the log.
        """
        if self.engine.dialect.name != "sqlite":
            return
        wait = f"PRAGMA busy_timeout = {round(self._busy_seconds * 1000)}"
        with closing(self.engine.raw_connection()) as pooled, closing(pooled.cursor()) as cursor:
            cursor.execute(wait)
            if cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                _log.warning("%s-wal: others read it. %s", self.engine.url.database, _COPIES_STAY)

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


def keep_ready(address: str, *reads: Callable[[Database], None]) -> None:
    """Open the records once for all who ask, so that copies of this process need only connect.

    Whoever asks shares one small pool of connections; `reads` read from it now.

    Raises
    ------
    RecordsError
        As `open_database` does.
    """
    database = open_database(address)
    try:
        for read in reads:
            read(database)
    finally:
        database.engine.dispose()  # a connection must not be copied
    _ready[address] = database


def open_database(
    address: str, *, busy_seconds: float = _BUSY_SECONDS, clock: Clock = now
) -> Database:
    """Open the records at a SQLAlchemy address, bringing their tables up to date.

    `busy_seconds` is how long a transaction waits for others, and how long PostgreSQL may take to
    let us in; as they are opened it may take longer, because no page waits for that.

    Raises
    ------
    RecordsError
        The address is not one, the place cannot be written, or a newer phbkit made the tables.
    """
    if address in _ready and (busy_seconds, clock) == (_BUSY_SECONDS, now):
        return _ready[address]
    url = parse(address)
    with _opening(address):
        if url.get_backend_name() == "sqlite":
            opening = Database(_sqlite(url, _OPENING_SECONDS), _OPENING_SECONDS).engine
            engine = _sqlite(url, busy_seconds)
        else:
            opening = _postgresql(url, connect_timeout=_OPENING_SECONDS)
            # A transaction may find its connection dead, then no other: the two share the time.
            waits = {"tcp_user_timeout": round(busy_seconds * 500)}
            engine = _postgresql(url, connect_timeout=round(busy_seconds / 2), **waits)
        _bring_up_to_date(opening)
        opening.dispose()
    return Database(engine, busy_seconds, clock)


@contextmanager
def as_it_is(address: str) -> Iterator[Database]:
    """Open records that are there, with their tables as whatever version made them; then close.

    Raises
    ------
    RecordsError
        The address is not one, or there is no such database.
    """
    url = parse(address)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        raise RecordsError(f"There are no records at {url.database}.")
    with _opening(address):
        if url.get_backend_name() == "sqlite":
            engine = _sqlite(url, _BUSY_SECONDS)
        else:
            engine = _postgresql(url, connect_timeout=_OPENING_SECONDS)
        engine.connect().close()
    try:
        yield Database(engine, _BUSY_SECONDS)
    finally:
        engine.dispose()


@contextmanager
def _opening(address: str) -> Iterator[None]:
    try:
        yield
    except (sa.exc.SQLAlchemyError, OSError, ImportError) as error:
        raise RecordsError(
            f"The records at {without_password(address)} cannot be opened: {_reason(error)}"
        ) from error


def parse(address: str) -> sa.URL:
    """Read a SQLAlchemy address of SQLite or PostgreSQL, or raise RecordsError."""
    with suppress(sa.exc.ArgumentError, ValueError):
        url = sa.make_url(address)
        if url.get_backend_name() in {"sqlite", "postgresql"}:
            return url
    raise RecordsError(
        f"PHB_DATABASE: {without_password(address)!r} is not a database address. "
        "Write it like sqlite:////home/me/records.sqlite."
    )


def without_password(address: str) -> str:
    """Return a database's address as it may be shown."""
    shown = re.sub(r"(//[^:/@]*:).*@", r"\1***@", address)
    return re.sub(r"(?<=password=)[^&]*", "***", shown)


def alone(connection: sa.Connection, name: str) -> None:
    """Let no other transaction hold `name` before this one ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        lock = sa.func.pg_advisory_xact_lock(zlib.crc32(name.encode()))
        connection.execute(sa.select(lock))


def _reason(error: Exception) -> str:
    said = str(error).splitlines()[0]
    return next((plain for known, plain in _PLAINLY.items() if known in said), said)


def _postgresql(url: sa.URL, **waits: int) -> sa.Engine:
    """Make an engine that notices a server that went away, and finds it again when it is back.

    What the address says of a wait goes before what is given here.
    """
    unset = {name: wait for name, wait in waits.items() if name not in url.query}
    engine = sa.create_engine(url, pool_size=_KEPT, pool_pre_ping=True, connect_args=unset)
    # Before SQLAlchemy asks anything, as it understands no answer in bytes.
    sa.event.listen(engine, "connect", _need_utf8, insert=True)
    return engine


def _need_utf8(connection: Any, _: Any) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        owner, name = connection.info.user, connection.info.dbname
        raise RecordsError(
            f"The PostgreSQL database {name} keeps texts as {encoding}, in which not all words can "
            "be written. Make one that can: "
            f"createdb --encoding=UTF8 --template=template0 --owner={owner} {name}_utf8"
        )


def _sqlite(url: sa.URL, busy_seconds: float) -> sa.Engine:
    """Make an engine that writes durably to a file, which only its owner can read if it is new."""
    if url.database and url.database != ":memory:":
        file = Path(url.database)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            file.touch(mode=0o600)
    engine = sa.create_engine(url)

    @sa.event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy, not sqlite3, says when a transaction begins
        connection.execute(f"PRAGMA busy_timeout = {_LOOK_MS}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        _until_free(partial(connection.execute, "PRAGMA journal_mode = WAL"), busy_seconds)

    return engine


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


def _version(connection: sa.Connection) -> str:
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    version = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
    return str(version.scalar() or "")


def _bring_up_to_date(engine: sa.Engine) -> None:
    """Bring the tables forward to this version, all at once; who comes meanwhile waits.

    Raises
    ------
    RecordsError
        A newer phbkit made them.
    """
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.execution_options(write=True).begin() as connection:
        alone(connection, "migrations")
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise RecordsError(
                f"The records at {engine.url} are of a version this phbkit does not know. "
                "Install the phbkit that wrote them, or a newer one."
            ) from error
