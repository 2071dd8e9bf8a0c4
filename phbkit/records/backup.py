"""A copy of a SQLite database, made whole while others write to it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from phbkit.errors import RecordsError, SettingsError
from phbkit.records.database import parse


def back_up(address: str, file: Path) -> None:
    """Copy the SQLite database at an address into a file that only its owner can read.

    The copy holds everything that was acknowledged before it began, and nothing by half. Those who
    write go on writing. The file has its name only once it is whole and on disk.

    Raises
    ------
    SettingsError
        The address is of another kind of database, or the file is there already.
    RecordsError
        There is no such database, or the copy could not be written.
    """
    url = parse(address)
    if url.get_backend_name() != "sqlite":
        raise SettingsError(
            f"PHB_DATABASE is {url.get_backend_name()}, which has its own way: pg_dump copies a "
            "PostgreSQL database whole. docs/backup.md has the commands."
        )
    if file.exists():
        raise SettingsError(f"{file} is there already. Choose another name.")
    source, part = Path(str(url.database)), file.with_name(f"{file.name}.part")
    if not source.is_file():
        raise RecordsError(f"There are no records at {source}.")
    try:
        _copy(source, part)
        part.rename(file)
        _sync(file.parent)
    except (sqlite3.Error, OSError) as error:
        raise RecordsError(f"The backup {file} was not made: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, part: Path) -> None:
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with (
        closing(sqlite3.connect(source)) as records,
        closing(sqlite3.connect(part)) as copy,
    ):
        records.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
        [(told,)] = copy.execute("PRAGMA integrity_check").fetchall()[:1]
        if told != "ok":
            raise sqlite3.DatabaseError(told)
    _sync(part)


def _sync(path: Path) -> None:
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
