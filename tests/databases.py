"""A database of its own for each test: a SQLite file, and one on a real PostgreSQL server."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Yield the address of a PostgreSQL server with nothing in it."""
    with tempfile.TemporaryDirectory(prefix="phb-") as made:
        folder, port = Path(made), free_port()
        if os.geteuid() == 0:
            shutil.chown(folder, SERVER_USER)
        run(folder, "initdb", "--auth=trust", "--username=phb", "--no-locale", "-E", "UTF8", "-N")
        options = f"-h 127.0.0.1 -p {port} -k {folder} -F"
        run(folder, "pg_ctl", "start", "-w", "-o", options)
        try:
            yield f"postgresql+psycopg://phb@127.0.0.1:{port}/postgres"
        finally:
            run(folder, "pg_ctl", "stop", "-m", "immediate")


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
