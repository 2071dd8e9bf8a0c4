"""Backups made while answers flow, by the commands of docs/backup.md, and restored by them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from phbkit.errors import RecordsError, SettingsError
from phbkit.records import open_store
from phbkit.records.attempts import Store
from phbkit.records.backup import back_up
from phbkit.records.database import open_database
from tests.need_programs import postgresql_program

GUIDE = Path(__file__).parents[2] / "docs" / "backup.md"
WRITERS = 3
EACH = 4  # answers of a step


def commands(heading: str) -> list[str]:
    """Read the commands under a heading of the guide: to back up, and to restore."""
    part = GUIDE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```", part, re.MULTILINE | re.DOTALL)


def shell(command: str, **env: str) -> None:
    """Run a command of the guide as whoever runs a server would."""
    programs = [postgresql_program("initdb") or "", sys.executable]
    path = os.pathsep.join([*(str(Path(each).parent) for each in programs), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euc", command],
        env={**os.environ, "PATH": path, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


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


def test_a_sqlite_backup_made_while_answers_flow_is_whole_and_restores(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "backup of today.sqlite"
    store = Store(open_database(f"sqlite:///{data / 'records.sqlite'}", busy_seconds=60))
    writers, env = Writers(store), {"PHB_DATA_DIR": str(data), "BACKUP": str(copy)}
    make, restore = commands("SQLite")
    with writers.writing():
        enough(writers)
        before = writers.saved()
        shell(make, **env)
        enough(writers)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == [copy.name]
    shell(restore, **env)
    restored = steps_in(open_store(f"sqlite:///{data / 'records.sqlite'}"), writers.attempts)
    assert before <= restored < writers.saved()


def test_a_postgresql_dump_made_while_answers_flow_is_whole_and_restores(
    server: str, tmp_path: Path
) -> None:
    store, copy = open_store(server), tmp_path / "records.dump"
    restored_at = f"{server.rpartition('/')[0]}/phb_restored"
    env = {"PHB_DATABASE": server, "BACKUP": str(copy), "RESTORED": restored_at}
    make, restore = commands("PostgreSQL")
    writers = Writers(store)
    with writers.writing():
        enough(writers)
        before = writers.saved()
        shell(make, **env)
        enough(writers)
    assert copy.stat().st_mode & 0o777 == 0o600
    shell(restore, **env)
    restored = steps_in(open_store(restored_at), writers.attempts)
    assert before <= restored < writers.saved()


def test_a_backup_never_takes_the_place_of_a_file(tmp_path: Path) -> None:
    address, there = f"sqlite:///{tmp_path / 'records.sqlite'}", tmp_path / "there"
    open_store(address)
    there.write_text("mine")
    with pytest.raises(SettingsError, match="is there already"):
        back_up(address, there)
    assert there.read_text() == "mine"


def test_a_backup_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = tmp_path / "records.sqlite"
    broken.write_bytes(b"not a database, and long enough not to look like an empty one" * 99)
    with pytest.raises(RecordsError, match="was not made"):
        back_up(f"sqlite:///{broken}", tmp_path / "copy")
    with pytest.raises(RecordsError, match="There are no records at"):
        back_up(f"sqlite:///{tmp_path / 'nowhere'}", tmp_path / "copy")
    open_store(f"sqlite:///{tmp_path / 'good.sqlite'}")
    with pytest.raises(RecordsError, match="was not made"):
        back_up(f"sqlite:///{tmp_path / 'good.sqlite'}", broken / "copy")
    assert not list(tmp_path.glob("*copy*"))
    assert not list(tmp_path.glob(".*"))


def test_a_postgresql_address_is_told_where_its_commands_are() -> None:
    with pytest.raises(SettingsError, match=r"docs/backup\.md"):
        back_up("postgresql+psycopg://phb@127.0.0.1/phb", Path("copy"))
