"""A restore: what a backup holds, checked and put back, and nothing lost of what was there."""

from __future__ import annotations

import filecmp
import shutil
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile

import sqlalchemy as sa

from phbkit.errors import RecordsError, SettingsError
from phbkit.files import part_of
from phbkit.records import backup
from phbkit.records.audit import note
from phbkit.records.database import HEAD, as_it_is, now, open_database, parse
from phbkit.settings import Settings

_DAMAGED = (BadZipFile, zlib.error, struct.error, EOFError, LookupError, ValueError, RuntimeError)


def restore(using: Settings, file: Path) -> Iterator[str]:
    """Put back what a backup holds; tell in sentences what it was and where things are.

    The key and the records of SQLite that were there are moved aside. In PostgreSQL the database
    must be empty.

    Raises
    ------
    RecordsError
        The backup is damaged or of a newer phbkit, or there are records that are in use.
    SettingsError
        It is of another kind of database.
    """
    manifest = _checked(file)
    url = parse(using.database_url)
    records = backup.RECORDS[url.get_backend_name()]
    if records not in manifest.files:
        raise SettingsError(
            f"{file} is of another kind of database than PHB_DATABASE, which is "
            f"{url.get_backend_name()}. Set it to one like that of which the backup was made."
        )
    places = {backup.KEY: using.key_file, backup.SETTINGS: using.data_dir / "restored.env"}
    using.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ZipFile(file) as archive:
        if url.get_backend_name() == "sqlite":
            places[records] = Path(str(url.database))
            _need_nobody(places[records])
        else:
            _fill(url, archive, using.data_dir)
        aside = f"before-{now():%Y-%m-%dT%H%M%S.%fZ}"
        for name in (each for each in places if each in manifest.files):
            yield _put(archive, name, places[name], places[name].parent / aside)
    with as_it_is(using.database_url) as found, found.reading() as connection:
        if backup.rows_in(connection) != manifest.rows:
            raise RecordsError(f"What was restored is not what {file} says that it holds.")
    restored = open_database(using.database_url)  # and brought up to date
    note(restored, "restored")
    restored.engine.dispose()
    yield f"Restored: {manifest}."


def _checked(file: Path) -> backup.Manifest:
    try:
        with ZipFile(file) as archive:
            manifest = backup.MANIFESTS.validate_json(archive.read(backup.MANIFEST))
            for name, expected in manifest.files.items():
                with archive.open(name) as content:
                    if backup.sha256(content) != expected:
                        raise ValueError(name)
    except _DAMAGED as error:
        raise RecordsError(
            f"{file} is damaged, or no backup: {error}. Nothing was changed. Take an earlier one."
        ) from error
    if manifest.tables > HEAD:
        raise RecordsError(
            f"{file} is of a later phbkit, which keeps more than this one knows. Install "
            "that one, or a newer one."
        )
    return manifest


def _need_nobody(records: Path) -> None:
    """Bring SQLite's records into one file, which only works where nobody has them open."""
    if not records.exists():
        return
    with closing(sqlite3.connect(records, timeout=1)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            raise RecordsError(
                f"{records} is in use: {error}. Stop the server first: systemctl stop phbkit"
            ) from error
        except sqlite3.DatabaseError:  # it is broken, and therefore restored
            return


def _fill(url: sa.URL, archive: ZipFile, beside: Path) -> None:
    """Fill a PostgreSQL database that is empty, all at once."""
    with as_it_is(url.render_as_string(hide_password=False)) as there:
        tables = sa.inspect(there.engine).get_table_names()
    if tables:
        raise RecordsError(
            f"The database {url.database} is not empty, and is left as it is. Make another and set "
            f"PHB_DATABASE to it: createdb --encoding=UTF8 --template=template0 "
            f"--owner={url.username} {url.database}_restored"
        )
    with TemporaryDirectory(dir=beside, prefix=".restore-") as folder:
        dump = archive.extract(backup.RECORDS["postgresql"], folder)
        backup.run("pg_restore", url, "--exit-on-error", "--single-transaction", dump)


def _put(archive: ZipFile, name: str, place: Path, aside: Path) -> str:
    """Put a file in its place; what was there, and what belongs to it, is moved aside."""
    told = f"{place} is that of the backup"
    with part_of(place) as part:
        with archive.open(name) as content, Path(part).open("wb") as out:
            shutil.copyfileobj(content, out)
        if place.exists() and not filecmp.cmp(part, place, shallow=False):
            told += f"; the one before is in {aside}"
            aside.mkdir(mode=0o700, exist_ok=True)
            for each in (place, *place.parent.glob(f"{place.name}-*")):
                each.rename(aside / each.name)
    return f"{told}."
