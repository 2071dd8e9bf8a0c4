"""Backups made while answers flow, by the commands of docs/backup.md, and restored by them."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import MetaData, inspect, make_url, select

from phbkit.cohort.history import log
from phbkit.cohort.links import Links, link_key
from phbkit.cohort.register import Register
from phbkit.errors import PhbError, RecordsError, SettingsError
from phbkit.records import open_store
from phbkit.records.attempts import Store
from phbkit.records.backup import back_up, run
from phbkit.records.database import Database, as_it_is, open_database
from phbkit.records.learners import Learner
from phbkit.records.restore import restore
from phbkit.settings import Settings
from tests.databases import database_at
from tests.need_programs import postgresql_program

ROOT = Path(__file__).parents[2]
UNTIL = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
WRITERS = 3
EACH = 4  # answers of a step
NAMES = {"link.key", "records.sqlite"}
# What the shell of docs/deploying.md has, where the server is a process of this test.
SHELL = """
cd "$PHB_DATA_DIR"
systemctl() { :; }
editor() { :; }
runuser() { shift 3; "$@"; }
"""


def commands(heading: str) -> list[str]:
    """Read the commands under a heading of the guide: to back up, and to restore."""
    guide = (ROOT / "docs" / "backup.md").read_text()
    part = guide.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```", part, re.MULTILINE | re.DOTALL)


def shell(command: str, **env: str) -> str:
    """Run commands of the guide as whoever runs a server would."""
    programs = [postgresql_program("initdb") or "", sys.executable]
    path = os.pathsep.join([*(str(Path(each).parent) for each in programs), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euc", SHELL + command],
        env={**os.environ, "PATH": path, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Writers:
    """Learners who answer step after step until they are told to stop."""

    def __init__(self, store: Store) -> None:
        self.attempts = [store.start(f"learner-{n}", "c", "v1").id for n in range(WRITERS)]
        self.acknowledged: dict[tuple[str, int], None] = {}
        self._store, self._stopped = store, threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(a,)) for a in self.attempts]

    def _write(self, attempt: str) -> None:
        journal, step = self._store.journal(attempt), 0
        while not self._stopped.is_set():
            answers = {f"q{n}": step for n in range(EACH)}
            journal.append(f"s{step}", f"step-{step}", answers, after=step * (EACH + 1))
            self.acknowledged[attempt, step] = None
            step += 1

    @contextmanager
    def writing(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            for thread in self._threads:
                thread.join()

    def saved(self) -> set[tuple[str, int]]:
        """What learners were told is saved: attempts and steps."""
        return set(self.acknowledged.copy())


def steps_in(store: Store, attempts: list[str]) -> set[tuple[str, int]]:
    """Read the steps of every attempt; each must be whole, and none missing before the last."""
    found = set()
    for attempt in attempts:
        events = store.journal(attempt).events()
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert len(events) % (EACH + 1) == 0
        found |= {(attempt, int(event.step.removeprefix("step-"))) for event in events}
    return found


def enough(writers: Writers, more: int = 20) -> None:
    """Wait until so many more answers were acknowledged."""
    wanted = len(writers.acknowledged) + more
    while len(writers.acknowledged) < wanted:
        threading.Event().wait(0.01)


@contextmanager
def opened(using: Settings) -> Iterator[Database]:
    """Open records, and close them."""
    database = open_database(using.database_url, busy_seconds=60)
    try:
        yield database
    finally:
        database.engine.dispose()


def invite(database: Database, using: Settings) -> str:
    """Invite somebody; return the token of the link."""
    [given] = Register(database).invite([Learner("ann", "Ann Example")], UNTIL)
    return Links(link_key(using)).token(given.id)


def known(using: Settings, token: str) -> str | None:
    """Name whom a link leads to."""
    with opened(using) as database:
        who = Register(database).invited(Links(link_key(using)).invitation(token) or "")
    return who and who.name


def kept(using: Settings, *, but: str = "audit") -> dict[str, Any]:
    """Read all rows of all tables but one."""
    with opened(using) as database, database.reading() as connection:
        tables = MetaData()
        tables.reflect(connection)
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in tables.sorted_tables
            if table.name != but
        }


def test_a_sqlite_backup_made_while_answers_flow_restores_on_a_bare_machine(tmp_path: Path) -> None:
    using, bare = (Settings(data_dir=tmp_path / name) for name in ("data", "bare"))
    make, again = commands("SQLite")
    with opened(using) as database:
        token = invite(database, using)
        writers = Writers(Store(database))
        with writers.writing():
            enough(writers)
            before = writers.saved()
            made = shell(make, PHB_DATA_DIR=str(using.data_dir))
            enough(writers)
        copy = using.data_dir / "today.zip"
        assert copy.stat().st_mode & 0o777 == 0o600
        assert "records.sqlite-wal" in [each.name for each in using.data_dir.iterdir()]
    assert {each.name for each in using.data_dir.iterdir()} == {*NAMES, copy.name}
    bare.data_dir.mkdir(mode=0o700)
    copy.rename(bare.data_dir / copy.name)
    told = shell(again, PHB_DATA_DIR=str(bare.data_dir))
    counted = re.search(r"learners 1, attempts 3, answers \d+, meetings 0; by phbkit", made)
    assert counted
    assert f"Restored: {counted[0]}" in told
    restored = steps_in(open_store(bare.database_url), writers.attempts)
    assert before <= restored < writers.saved()
    assert known(bare, token) == "Ann Example"


def test_a_postgresql_backup_made_while_answers_flow_restores_into_another_database(
    server: str, tmp_path: Path
) -> None:
    url = make_url(server)
    using = Settings(data_dir=tmp_path / "data", database=server)
    database = open_database(server)
    token = invite(database, using)
    writers = Writers(Store(database))
    make, again = commands("PostgreSQL")
    env = {"PHB_DATA_DIR": str(using.data_dir), "PGHOST": "127.0.0.1", "PGPORT": str(url.port)}
    with writers.writing():
        enough(writers)
        before = writers.saved()
        shell(make, PHB_DATABASE=server, **env)
        enough(writers)
    at = f"{server.rpartition('/')[0]}/phbkit_restored"
    here = Settings(data_dir=using.data_dir, database=at)
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE ROLE phbkit")
        try:
            shell(again, PHB_DATABASE=here.database, PGUSER="phb", **env)
            restored = steps_in(open_store(here.database), writers.attempts)
            assert known(here, token) == "Ann Example"
            with pytest.raises(RecordsError, match="phbkit_restored is not empty, and is left as"):
                list(restore(here, using.data_dir / "today.zip"))
        finally:
            connection.execute("DROP DATABASE IF EXISTS phbkit_restored WITH (FORCE)")
            connection.execute("DROP ROLE phbkit")
    assert before <= restored < writers.saved()


def test_a_restore_into_postgresql_that_fails_leaves_nothing_there(
    server: str, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Path(postgresql_program("initdb") or "").parent
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    open_database(server).engine.dispose()
    back_up(Settings(data_dir=tmp_path / "data", database=server), tmp_path / "copy.zip")
    with database_at(cluster) as other:
        with psycopg.connect(other.replace("+psycopg", "")) as connection:
            connection.execute("CREATE VIEW seat AS SELECT 1")  # where a table is to be
        here = Settings(data_dir=tmp_path / "bare", database=other)
        with pytest.raises(RecordsError, match='"seat" already exists'):
            list(restore(here, tmp_path / "copy.zip"))
        with as_it_is(other) as left:
            assert inspect(left.engine).get_table_names() == []


def test_a_restore_moves_aside_what_is_there_and_gives_every_row_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "phbkit.env"
    own.write_text("PHB_CONTACT=us\n")
    monkeypatch.setenv("PHB_SETTINGS", str(own))
    using, copy = Settings(data_dir=tmp_path / "data"), tmp_path / "copy.zip"
    with opened(using) as database:
        token = invite(database, using)
        store = Store(database)
        journal = store.journal(store.start("ann", "c", "v").id)
        journal.append("s", "judge", {"why": "é"}, after=0)
        before = kept(using)
        back_up(using, copy)
        happened = log(database, UNTIL.replace(year=2020), UNTIL)
        assert [row.act for row in happened] == ["invited", "backed up"]
        Register(database).erase("ann")
    using.key_file.write_text("k" * 40)
    own.write_text("PHB_CONTACT=others\n")
    told = list(restore(using, copy))
    assert kept(using) == before
    assert known(using, token) == "Ann Example"
    [aside] = using.data_dir.glob("before-*")
    assert {each.name for each in aside.iterdir()} == NAMES
    assert (aside / "link.key").read_text() == "k" * 40
    assert f"{using.key_file} is that of the backup; the one before is in {aside}." in told
    assert (using.data_dir / "restored.env").read_text() == "PHB_CONTACT=us\n"
    with opened(using) as database:
        happened = log(database, UNTIL.replace(year=2020), UNTIL)
    assert [row.act for row in happened] == ["invited", "restored"]
    assert all(each.stat().st_mode & 0o077 == 0 for each in using.data_dir.rglob("*"))


def test_records_that_are_in_use_are_not_restored(tmp_path: Path) -> None:
    using, copy = Settings(data_dir=tmp_path / "data"), tmp_path / "copy.zip"
    database = open_database(using.database_url)
    back_up(using, copy)
    Store(database).start("ann", "c", "v")
    with pytest.raises(RecordsError, match=r"in use.*\. Stop the server first"):
        list(restore(using, copy))
    assert Store(database).latest("ann", "c")
    database.engine.dispose()
    list(restore(using, copy))
    with opened(using) as restored:
        assert Store(restored).latest("ann", "c") is None


def test_records_that_are_broken_are_moved_aside(tmp_path: Path) -> None:
    using, copy = Settings(data_dir=tmp_path / "data"), tmp_path / "copy.zip"
    open_database(using.database_url).engine.dispose()
    back_up(using, copy)
    (using.data_dir / "records.sqlite").write_bytes(b"broken " * 999)
    list(restore(using, copy))
    [aside] = using.data_dir.glob("before-*")
    assert (aside / "records.sqlite").read_bytes() == b"broken " * 999


def test_a_backup_has_its_name_only_once_it_is_whole(tmp_path: Path) -> None:
    using, copy = Settings(data_dir=tmp_path / "data"), tmp_path / "copy.zip"
    with opened(using) as database:
        journal = Store(database).journal(Store(database).start("ann", "c", "v").id)
        for step in range(100):
            text = os.urandom(50_000).hex()
            journal.append(f"s{step}", f"step-{step}", {"why": text}, after=2 * step)
    making = threading.Thread(target=back_up, args=(using, copy))
    making.start()
    while not copy.exists():
        assert making.is_alive() or copy.exists()
        threading.Event().wait(0.001)
    with zipfile.ZipFile(copy) as archive:
        assert "manifest.json" in archive.namelist()
    making.join()


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("backup")
    using = Settings(data_dir=folder, link_key="k" * 40)
    back_up_of_nothing(using, folder / "copy.zip")
    return (folder / "copy.zip").read_bytes()


def back_up_of_nothing(using: Settings, file: Path) -> None:
    open_database(using.database_url).engine.dispose()
    back_up(using, file)


def test_a_damaged_backup_is_refused_and_nothing_is_changed(backup: bytes, tmp_path: Path) -> None:
    using, copy = Settings(data_dir=tmp_path / "data"), tmp_path / "copy.zip"
    damaged = [backup[:cut] for cut in range(0, len(backup), len(backup) // 20)]
    places = range(40, len(backup) // 2, len(backup) // 60)
    damaged += [backup[:at] + bytes([backup[at] ^ 0x55]) + backup[at + 1 :] for at in places]
    altered(backup, copy, key=b"j" * 40)
    damaged.append(copy.read_bytes())  # well formed, but not what was backed up
    for content in damaged:
        copy.write_bytes(content)
        with pytest.raises(RecordsError, match=r"is damaged, or no backup.*Nothing was changed"):
            list(restore(using, copy))
    assert not using.data_dir.exists()


def altered(backup: bytes, file: Path, *, key: bytes = b"", **manifest: Any) -> Path:
    """Write a backup with another manifest, or another key."""
    file.write_bytes(backup)
    with zipfile.ZipFile(file) as archive:
        whole = {name: archive.read(name) for name in archive.namelist()}
    whole["link.key"] = key or whole["link.key"]
    whole["manifest.json"] = json.dumps(json.loads(whole["manifest.json"]) | manifest).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in whole.items():
            archive.writestr(name, content)
    return file


def test_a_restore_that_gives_back_other_rows_than_were_counted_says_so(
    backup: bytes, tmp_path: Path
) -> None:
    copy = altered(backup, tmp_path / "copy.zip", rows={"learner": 7})
    with pytest.raises(RecordsError, match="What was restored is not what"):
        list(restore(Settings(data_dir=tmp_path / "data"), copy))


def test_a_backup_of_a_newer_phbkit_or_of_another_database_is_refused(
    backup: bytes, tmp_path: Path
) -> None:
    copy = altered(backup, tmp_path / "copy.zip", tables="0999", phbkit="9.1")
    using = Settings(data_dir=tmp_path / "data")
    with pytest.raises(RecordsError, match=r"of a later phbkit, which .* Install that one"):
        list(restore(using, copy))
    copy.write_bytes(backup)
    other = Settings(data_dir=using.data_dir, database="postgresql+psycopg://phb@127.0.0.1/phb")
    with pytest.raises(SettingsError, match="another kind of database than PHB_DATABASE"):
        list(restore(other, copy))
    with pytest.raises(FileNotFoundError):
        list(restore(using, tmp_path / "none.zip"))
    assert not using.data_dir.exists()


def test_a_backup_never_takes_the_place_of_a_file(tmp_path: Path) -> None:
    using, there = Settings(data_dir=tmp_path), tmp_path / "there"
    open_store(using.database_url)
    there.write_text("mine")
    with pytest.raises(SettingsError, match="is there already"):
        back_up(using, there)
    assert there.read_text() == "mine"


def test_a_backup_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = tmp_path / "records.sqlite"
    using = Settings(data_dir=tmp_path)
    with pytest.raises(RecordsError, match="There are no records at"):
        back_up(using, tmp_path / "copy")
    broken.write_bytes(b"not a database, and long enough not to look like an empty one" * 99)
    with pytest.raises(RecordsError, match="is not a database"):
        back_up(using, tmp_path / "copy")
    broken.unlink()
    open_store(using.database_url)
    with pytest.raises(RecordsError, match="was not made"):
        back_up(using, broken / "copy")
    assert not list(tmp_path.glob("*copy*"))
    assert not list(tmp_path.glob(".*"))


def test_records_of_an_older_version_are_backed_up_as_they_are(tmp_path: Path) -> None:
    using, copy = Settings(data_dir=tmp_path), tmp_path / "copy.zip"
    script = (Path(__file__).parent / "released" / "0002.sqlite.sql").read_text()
    with closing(sqlite3.connect(tmp_path / "records.sqlite")) as connection:
        connection.executescript(script)
    assert back_up(using, copy).tables == "0002"
    with closing(sqlite3.connect(tmp_path / "records.sqlite")) as connection:
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == [("0002",)]
    bare = Settings(data_dir=tmp_path / "bare")
    list(restore(bare, copy))
    assert open_store(bare.database_url).latest("ann", "chronic-pain-massage")


def test_a_password_is_told_to_programs_where_no_list_of_processes_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "$@" >&2; test "$PGPASSWORD" = secret && exit 3\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    url = make_url("postgresql+psycopg://phb:secret@127.0.0.1:1/phb")
    with pytest.raises(PhbError, match=r"dbname=postgresql://phb@127\.0\.0\.1:1/phb$") as told:
        run("pg_dump", url)
    assert "secret" not in str(told.value)
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(PhbError, match=r"pg_dump is not here\. Install it"):
        run("pg_dump", url)


def test_the_unit_keeps_the_latest_fourteen(tmp_path: Path) -> None:
    lines = (ROOT / "deploy" / "phbkit-backup.service").read_text().splitlines()
    [after] = [each.split("'")[1] for each in lines if each.startswith("ExecStartPost=")]
    names = [f"2026-11-{day:02}T023000Z.zip" for day in range(1, 21)]
    for name in names:
        (tmp_path / name).touch()
        subprocess.run(["/bin/sh", "-c", after.replace("%%", "%")], cwd=tmp_path, check=True)
    assert sorted(each.name for each in tmp_path.iterdir()) == names[-14:]
