"""A database of its own for each test: a SQLite file, and one on a real PostgreSQL server."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.need_programs import postgresql_program
from tests.ports import free_port

SERVER_USER = "nobody"  # PostgreSQL refuses to run as root


def run(folder: Path, name: str, *arguments: str) -> None:
    """Run a program of PostgreSQL as an ordinary user, and fail with what it wrote."""
    program = postgresql_program(name)
    assert program, f"{name} is not installed; `make test` installs postgresql where it may"
    with (folder / "log").open("a") as log:
        done = subprocess.run(
            [program, "--pgdata", str(folder / "data"), *arguments],
            check=False,
            cwd=folder,
            user=SERVER_USER if os.geteuid() == 0 else None,
            stdout=log,
            stderr=log,
        )
    assert done.returncode == 0, (folder / "log").read_text()


class PostgreSQL:
    """A server with nothing in it, that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        if os.geteuid() == 0:
            shutil.chown(folder, SERVER_USER)
        run(folder, "initdb", "--auth=trust", "--username=phb", "--no-locale", "-E", "UTF8", "-N")

    @classmethod
    def that_runs(cls, folder: str, port: int) -> PostgreSQL:
        """Return a server that somebody else has started."""
        running = cls.__new__(cls)
        running.folder, running.port = Path(folder), port
        return running

    @property
    def address(self) -> str:
        return f"postgresql+psycopg://phb@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -F"
        run(self.folder, "pg_ctl", "start", "-w", "-o", options)

    def stop(self) -> None:
        """Stop at once, as when the power fails."""
        run(self.folder, "pg_ctl", "stop", "-m", "immediate")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Answer nothing for a while, and close nothing, as when a disk hangs."""
        main = psutil.Process(int((self.folder / "data/postmaster.pid").read_text().split()[0]))
        everything = [main, *main.children()]
        for process in everything:
            process.suspend()
        try:
            yield
        finally:
            for process in everything:
                process.resume()


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """Run a server, and stop it in the end if it runs still."""
    with tempfile.TemporaryDirectory(prefix="phb-") as made:
        running = PostgreSQL(Path(made))
        running.start()
        try:
            yield running
        finally:
            if (Path(made) / "data" / "postmaster.pid").exists():
                running.stop()


@contextmanager
def shared_postgresql(folder: Path) -> Iterator[str]:
    """Use the one server of a run of tests: the first to come starts it, the last to go stops it.

    Parameters
    ----------
    folder
        A folder that all workers of the run share.
    """
    door, users, place = (folder / f"postgresql.{name}" for name in ("door", "users", "json"))
    with users.open("a") as using:
        with locked(door):
            fcntl.flock(using, fcntl.LOCK_SH)
            if not place.exists():
                begun = PostgreSQL(Path(tempfile.mkdtemp(prefix="phb-")))
                begun.start()
                place.write_text(json.dumps([str(begun.folder), begun.port]))
            running = PostgreSQL.that_runs(*json.loads(place.read_text()))
        try:
            yield running.address
        finally:
            with locked(door), suppress(BlockingIOError):
                fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
                place.unlink()
                running.stop()
                shutil.rmtree(running.folder)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Wait until nobody else of this run is here."""
    with file.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextmanager
def database_at(server: str) -> Iterator[str]:
    """Make a database with nothing in it; in the end nobody is connected to it, and it is gone."""
    name = f"phb_{uuid.uuid4().hex}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of the PostgreSQL server that all tests of a run share."""
    mine = tmp_path_factory.getbasetemp()
    with shared_postgresql(mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine) as address:
        yield address


@pytest.fixture
def server(cluster: str) -> Iterator[str]:
    """Yield the address of a PostgreSQL database with nothing in it."""
    with database_at(cluster) as address:
        yield address


class Outage:
    """A database that goes away and comes back: a locked file, or a server that is stopped."""

    def __init__(self, address: str, server: PostgreSQL | None = None) -> None:
        self.address, self._server = address, server
        self._other: sqlite3.Connection | None = None
        self._away = False

    def begin(self) -> None:
        self._away = True
        if self._server:
            self._server.stop()
            return
        self._other = sqlite3.connect(self.address.removeprefix("sqlite:///"), isolation_level=None)
        self._other.execute("BEGIN EXCLUSIVE")

    def end(self) -> None:
        """Give it back, if it is away."""
        if not self._away:
            return
        self._away = False
        if self._server:
            self._server.start()
        elif self._other:
            self._other.close()
            self._other = None


@pytest.fixture(params=["sqlite", "postgresql"])
def outage(request: pytest.FixtureRequest, file: Path) -> Iterator[Outage]:
    """Yield an empty database that a test can take away and give back."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            away = Outage(f"sqlite:///{file}")
        else:
            running = stack.enter_context(postgresql())
            away = Outage(running.address, running)
        stack.callback(away.end)
        yield away


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "records.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, file: Path) -> Iterator[str]:
    """Yield the address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{file}"
        return
    yield request.getfixturevalue("server")
