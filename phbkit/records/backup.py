"""A backup: one file with everything that a restore needs, made while others write."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from zipfile import ZIP_DEFLATED, ZipFile

import sqlalchemy as sa
from pydantic import TypeAdapter

from phbkit import __version__
from phbkit.errors import RecordsError
from phbkit.files import need_absent, part_of
from phbkit.records.audit import note
from phbkit.records.database import HEAD, Database, as_it_is
from phbkit.settings import Settings, settings_file

MANIFEST, KEY, SETTINGS = "manifest.json", "link.key", "phbkit.env"
RECORDS = {"sqlite": "records.sqlite", "postgresql": "records.dump"}
_COUNTED = {
    "learner": "learners",
    "attempt": "attempts",
    "answer": "answers",
    "review_session": "meetings",
}


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: the rows of each table, and the SHA-256 of each file."""

    phbkit: str
    tables: str
    made: dt.datetime
    rows: dict[str, int]
    files: dict[str, str]

    def __str__(self) -> str:
        counted = ", ".join(f"{what} {self.rows.get(name, 0)}" for name, what in _COUNTED.items())
        return f"{counted}; by phbkit {self.phbkit} on {self.made:%Y-%m-%d at %H:%M} UTC"


MANIFESTS = TypeAdapter(Manifest)


def back_up(using: Settings, file: Path) -> Manifest:
    """Put the records, the key of the links and the file of settings into one file.

    It holds everything that was acknowledged before it began, and nothing by half; those who write
    go on. Only its owner can read it, and it has its name only once it is whole and on disk.

    Raises
    ------
    SettingsError
        The file is there already.
    RecordsError
        There are no records, or the backup could not be written.
    """
    need_absent(file)
    with as_it_is(using.database_url) as database:
        return _back_up(using, database, file)


def _back_up(using: Settings, database: Database, file: Path) -> Manifest:
    tables = database.version()
    try:
        with part_of(file) as part, TemporaryDirectory(dir=file.parent, prefix=".backup-") as made:
            rows = _copy(database, Path(made) / RECORDS[database.engine.dialect.name])
            for name, content in _beside(using).items():
                (Path(made) / name).write_bytes(content)
            sums = {}
            with ZipFile(part, "w", ZIP_DEFLATED) as archive:
                for each in Path(made).iterdir():
                    archive.write(each, each.name)
                    with each.open("rb") as opened:
                        sums[each.name] = sha256(opened)
                manifest = Manifest(__version__, tables, database.clock(), rows, sums)
                archive.writestr(MANIFEST, MANIFESTS.dump_json(manifest, indent=1))
    except (sqlite3.Error, sa.exc.SQLAlchemyError, OSError) as error:
        raise RecordsError(f"The backup {file} was not made: {error}") from error
    if tables == HEAD:  # what an older phbkit made is left as it is
        note(database, "backed up")
    return manifest


def _copy(database: Database, file: Path) -> dict[str, int]:
    """Copy one moment of a database into a file, and count the rows of that moment."""
    if database.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(database.engine.url.database))) as records:
            records.execute("VACUUM INTO ?", [str(file)])
        with as_it_is(f"sqlite:///{file}") as copy, copy.reading() as connection:
            return rows_in(connection)
    one_moment = database.engine.execution_options(isolation_level="REPEATABLE READ")
    with one_moment.connect() as connection:
        shared = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar()
        options = ("--format=custom", f"--snapshot={shared}", f"--file={file}")
        run("pg_dump", database.engine.url, *options)
        return rows_in(connection)


def rows_in(connection: sa.Connection) -> dict[str, int]:
    """Count the rows of every table."""
    names = sa.inspect(connection).get_table_names()
    counts = {name: sa.select(sa.func.count()).select_from(sa.table(name)) for name in names}
    return {name: connection.execute(count).scalar_one() for name, count in counts.items()}


def run(program: Literal["pg_dump", "pg_restore"], url: sa.URL, *options: str) -> None:
    """Run a program of PostgreSQL on a database, whose password no list of processes shows.

    Raises
    ------
    RecordsError
        It is not installed, or did not do it.
    """
    told = {"PGPASSWORD": str(url.password)} if url.password else {}
    place = url._replace(drivername="postgresql", password=None).render_as_string()
    command = [program, "--no-owner", "--no-privileges", "--no-password", *options]
    try:
        subprocess.run(  # noqa: S603  one of the two that are named here
            [*command, f"--dbname={place}"],
            env=os.environ | told,
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError as error:
        raise RecordsError(
            f"{program} is not here. Install it: apt-get install postgresql-client"
        ) from error
    except subprocess.CalledProcessError as error:
        raise RecordsError(error.stderr.strip().splitlines()[0]) from error


def _beside(using: Settings) -> dict[str, bytes]:
    """Read what a restore needs beside the records."""
    key = using.key_file.read_bytes() if using.key_file.exists() else b""
    file = settings_file()
    found = {KEY: using.link_key.encode() or key, SETTINGS: file.read_bytes() if file else b""}
    return {name: content for name, content in found.items() if content}


def sha256(content: Any) -> str:
    """Return the SHA-256 of a file that is open."""
    return hashlib.file_digest(content, "sha256").hexdigest()
