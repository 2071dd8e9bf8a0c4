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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from phbkit.cohort.jobs import WORKBOOKS, CohortAttempt, Job, JobOutcome, RunError
from phbkit.files import part_of, sweep, write_whole


class RunFolder:
    """Where one run is kept."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._log, self._cohort = root / "outcomes.jsonl", root / "cohort.jsonl"

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

    def keep_cohort(self, attempts: Iterable[CohortAttempt]) -> int:
        """Keep a cohort, all of it or nothing, and return how many attempts it has.

        Raises
        ------
        RunError
            The folder holds the run of other people: nobody is in both cohorts.
        """
        before = {attempt.learner for attempt in self.cohort()}
        count, known = 0, not before
        with part_of(self._cohort) as part, Path(part).open("w", encoding="utf-8") as lines:
            for attempt in attempts:
                lines.write(attempt.as_line())
                known = known or attempt.learner in before
                count += 1
            if not known:
                raise RunError(
                    f"{self.root} holds a run of other learners: nobody is in both cohorts. Name a "
                    "new folder, or delete this one first."
                )
        return count

    def cohort(self) -> Iterator[CohortAttempt]:
        """Read the cohort again, one attempt after another."""
        if self._cohort.exists():
            with self._cohort.open(encoding="utf-8") as lines:
                yield from (CohortAttempt(**json.loads(line)) for line in lines)

    def jobs(self, played: dict[str, dict[str, str]]) -> Iterator[Job]:
        """Make a job of each attempt; `played` are the cases of the manifest."""
        return (Job.of(attempt, played[attempt.case]) for attempt in self.cohort())

    def outcomes(self) -> Iterator[tuple[JobOutcome, int]]:
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
                        yield JobOutcome(**json.loads(line)), place
                place += len(line)

    def finished(self, played: dict[str, dict[str, str]]) -> Iterator[JobOutcome]:
        """Read how the jobs ended that did, in the order of the cohort."""
        wanted = {job.key: job.fingerprint for job in self.jobs(played)}
        places = {o.key: at for o, at in self.outcomes() if wanted.get(o.key) == o.fingerprint}
        if places:
            with self._log.open("rb") as lines:
                for place in (places[key] for key in wanted if key in places):
                    lines.seek(place)
                    yield JobOutcome(**json.loads(lines.readline()))

    @contextmanager
    def logging(self) -> Iterator[Callable[[JobOutcome], None]]:
        """Give what writes an outcome, after the last whole line; it is on disk at once."""
        self._log.touch(mode=0o600)  # people's words are in it
        with self._log.open("rb+") as log:
            log.truncate(sum(len(line) for line in log if line.endswith(b"\n")))
            log.seek(0, os.SEEK_END)

            def append(outcome: JobOutcome) -> None:
                log.write(outcome.as_line().encode())
                log.flush()
                os.fsync(log.fileno())

            yield append
