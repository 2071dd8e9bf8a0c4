"""A database of its own for each test: a SQLite file, and one on a real PostgreSQL server."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.need_programs import postgresql_program

SERVER_USER = "nobody"  # PostgreSQL refuses to run as root
NUMBERS = itertools.count()
CLOSE_THE_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE usename = 'phb' AND pid <> pg_backend_pid()
"""


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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgreSQL:
    """A server with nothing in it, that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        if os.geteuid() == 0:
            shutil.chown(folder, SERVER_USER)
        run(folder, "initdb", "--auth=trust", "--username=phb", "--no-locale", "-E", "UTF8", "-N")

    @property
    def address(self) -> str:
        return f"postgresql+psycopg://phb@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self._port} -k {self._folder} -F"
        run(self._folder, "pg_ctl", "start", "-w", "-o", options)

    def stop(self) -> None:
        """Stop at once, as when the power fails."""
        run(self._folder, "pg_ctl", "stop", "-m", "immediate")


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


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Yield the address of a PostgreSQL server with nothing in it."""
    with postgresql() as running:
        yield running.address


class Outage:
    """A database that goes away and comes back: a locked file, or a server that is stopped."""

    def __init__(self, address: str, server: PostgreSQL | None = None) -> None:
        self.address, self._server = address, server
        self._other: sqlite3.Connection | None = None

    def begin(self) -> None:
        if self._server:
            self._server.stop()
            return
        self._other = sqlite3.connect(self.address.removeprefix("sqlite:///"), isolation_level=None)
        self._other.execute("BEGIN EXCLUSIVE")

    def end(self) -> None:
        if self._server:
            self._server.start()
        elif self._other:
            self._other.close()
            self._other = None


@pytest.fixture(params=["sqlite", "postgresql"])
def outage(request: pytest.FixtureRequest, file: Path) -> Iterator[Outage]:
    """Yield an empty database that a test can take away and give back."""
    if request.param == "sqlite":
        locked = Outage(f"sqlite:///{file}")
        yield locked
        locked.end()
        return
    with postgresql() as running:
        yield Outage(running.address, running)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "records.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, file: Path) -> Iterator[str]:
    """Yield the address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{file}"
        return
    server, schema = request.getfixturevalue("server"), f"records_{next(NUMBERS)}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        yield f"{server}?options=-csearch_path%3D{schema}"
        connection.execute(CLOSE_THE_OTHERS)
