"""The folder of one run: what is kept where, and how a run finds its place again.

workbooks/   the workbooks as they were when the run began
cohort.jsonl the cohort, one attempt a line
answers/     the answers file of each notebook
notebooks/   the executed notebooks
outcomes.jsonl  how each job ended, a line each, on disk as soon as it ended
results.csv, results.parquet, marks.parquet, texts.csv, manifest.json  the finished tables
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from phbkit.cohort.jobs import WORKBOOKS, Job, Outcome
from phbkit.cohort.reading import Attempt
from phbkit.errors import PhbError
from phbkit.files import part_of, sweep, write_whole


class RunError(PhbError):
    """A run that cannot begin or go on, and what would let it."""


class RunFolder:
    """Where one run is kept."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def _log(self) -> Path:
        return self.root / "outcomes.jsonl"

    @property
    def _cohort(self) -> Path:
        return self.root / "cohort.jsonl"

    @property
    def manifest(self) -> dict[str, Any]:
        """What is known of the run; empty before it began.

        Raises
        ------
        RunError
            It cannot be read.
        """
        file = self.root / "manifest.json"
        try:
            return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}
        except (OSError, ValueError, TypeError) as error:
            raise RunError(f"{file}: cannot be read: {error}") from error

    def keep_manifest(self, data: dict[str, Any]) -> None:
        """Write what is known of the run."""
        write_whole(self.root / "manifest.json", json.dumps(data, indent=1).encode() + b"\n")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody else run in this folder meanwhile; a run that was killed is not in the way.

        Raises
        ------
        RunError
            Another run is at work, or the folder holds something else.
        """
        ours = {"run.lock", "manifest.json", "cohort.jsonl", WORKBOOKS}
        there = {entry.name for entry in self.root.iterdir()} if self.root.is_dir() else set()
        if there and not there & ours:
            raise RunError(f"{self.root} holds something else than a run. Name a new folder.")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = (self.root / "run.lock").open("a")
        except OSError as error:
            raise RunError(f"{self.root}: cannot be written to: {error}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise RunError(
                    f"Another run is at work in {self.root}. Wait for it, or name another folder."
                ) from error
            sweep(self.root)
            try:
                yield
            except BaseException:
                if not there and not self.manifest:
                    self._leave_nothing()
                raise
            finally:
                sweep(self.root)

    def _leave_nothing(self) -> None:
        """Take back what a run left that never began."""
        (self.root / "run.lock").unlink(missing_ok=True)
        self._cohort.unlink(missing_ok=True)
        shutil.rmtree(self.root / WORKBOOKS, ignore_errors=True)
        with suppress(OSError):  # somebody put something there meanwhile
            self.root.rmdir()

    def keep_workbook(self, file: Path) -> bytes:
        """Keep a workbook as it is now, and return it."""
        content = file.read_bytes()
        write_whole(self.root / WORKBOOKS / file.name, content)
        return content

    def keep_cohort(self, attempts: Iterable[Attempt]) -> int:
        """Keep a cohort, all of it or nothing, and return how many attempts it has.

        Raises
        ------
        RunError
            The folder holds the run of other people: nobody is in both cohorts.
        """
        before = {attempt.learner for attempt in self.cohort()} if self._cohort.exists() else set()
        count, known = 0, not before
        with part_of(self._cohort) as part, Path(part).open("w", encoding="utf-8") as lines:
            for attempt in attempts:
                lines.write(json.dumps(attempt.__dict__, ensure_ascii=False) + "\n")
                known = known or attempt.learner in before
                count += 1
            if not known:
                raise RunError(
                    f"{self.root} holds a run of other learners: nobody is in both cohorts. Name a "
                    "new folder, or delete this one first."
                )
        return count

    def cohort(self) -> Iterator[Attempt]:
        """Read the cohort again, one attempt after another."""
        with self._cohort.open(encoding="utf-8") as lines:
            for line in lines:
                yield Attempt(**json.loads(line))

    def outcomes(self) -> Iterator[tuple[Outcome, int]]:
        """Read how jobs ended, in the order they did, each with its place in the file.

        A line that cannot be read, as it was cut off when a run was killed, is passed over.
        """
        if not self._log.exists():
            return
        with self._log.open("rb") as lines:
            place = 0
            for line in lines:
                with suppress(ValueError, TypeError):
                    if line.endswith(b"\n"):
                        yield Outcome(**json.loads(line)), place
                place += len(line)

    def outcome_at(self, lines: Any, place: int) -> Outcome:
        """Read one outcome at its place in the opened file."""
        lines.seek(place)
        return Outcome(**json.loads(lines.readline()))

    @contextmanager
    def open_outcomes(self) -> Iterator[Any]:
        """Open the file of outcomes to read at places."""
        with self._log.open("rb") as lines:
            yield lines

    @contextmanager
    def logging(self) -> Iterator[OutcomeLog]:
        """Write outcomes, after the last whole line."""
        self._log.touch(mode=0o600)  # people's words are in it
        with self._log.open("ab") as log:
            whole = _whole_length(self._log)
            if whole != log.tell():
                log.truncate(whole)
                log.seek(whole)
            yield OutcomeLog(log)


class OutcomeLog:
    """Appends outcomes; each is on disk before the next is taken."""

    def __init__(self, log: Any) -> None:
        self._log = log

    def append(self, outcome: Outcome) -> None:
        """Write one outcome."""
        self._log.write(outcome.as_line().encode())
        self._log.flush()
        os.fsync(self._log.fileno())


def _whole_length(file: Path) -> int:
    """Measure a file of lines up to the end of its last whole line."""
    with file.open("rb") as content:
        size = content.seek(0, os.SEEK_END)
        while size:
            start = max(0, size - 65536)
            content.seek(start)
            end = content.read(size - start).rfind(b"\n")
            if end >= 0:
                return start + end + 1
            size = start
    return 0


def jobs_of(attempts: Iterable[Attempt], playing: dict[str, tuple[str, str, str]]) -> Iterator[Job]:
    """Make a job of each attempt.

    Parameters
    ----------
    playing
        By case: the workbook that plays it, the fingerprint of the workbook, and that of the case.
    """
    for attempt in attempts:
        workbook, content, version = playing[attempt.case]
        job = Job(workbook, attempt.learner, attempt.case, attempt.answers, attempt.simulated)
        yield job.stamped(content, version)
