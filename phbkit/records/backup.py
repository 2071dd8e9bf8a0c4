"""A copy of a SQLite database, made whole while others write to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from phbkit.errors import RecordsError, SettingsError
from phbkit.files import need_absent, part_of
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
    need_absent(file)
    source = Path(str(url.database))
    if not source.is_file():
        raise RecordsError(f"There are no records at {source}.")
    try:
        with part_of(file) as part, closing(sqlite3.connect(source)) as records:
            records.execute("VACUUM INTO ?", [part])
    except (sqlite3.Error, OSError) as error:
        raise RecordsError(f"The backup {file} was not made: {error}") from error
