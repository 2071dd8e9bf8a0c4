"""One job: one learner's answers, played by one workbook, into one executed notebook."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from phbkit.kernels import template
from phbkit.kernels.limits import Limits

DONE, FAILED = "done", "failed"
WORKBOOKS, NOTEBOOKS, ANSWERS = "workbooks", "notebooks", "answers"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
KILLED = "KilledError"
_PLAY = "phbkit.cohort.execution:play"
_PRELOADED = "phbkit.cohort.preloaded"
_PATIENCE_SECONDS = 30.0
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


@dataclass(frozen=True)
class Job:
    """What is to be run. `fingerprint` names everything that its outcome depends on."""

    workbook: str
    learner: str
    case: str
    answers: dict[str, Any]
    simulated: bool = False
    fingerprint: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The workbook and the learner: a run has one job of each pair."""
        return self.workbook, self.learner

    @property
    def name(self) -> str:
        """A file name for the learner: theirs where it is plain, and else one made of it."""
        if _PLAIN.fullmatch(self.learner) and not _DEVICES.fullmatch(self.learner):
            return self.learner
        plain = _NOT_PLAIN.sub("-", self.learner).strip("-.")[:40] or "learner"
        return f"{plain}~{hashlib.sha256(self.learner.encode()).hexdigest()[:12]}"

    @property
    def notebook(self) -> str:
        """Where the executed notebook goes, in the run's folder."""
        return f"{NOTEBOOKS}/{self.workbook}/{self.name}.ipynb"

    @property
    def answers_file(self) -> str:
        """Where the answers go, in the run's folder."""
        return f"{ANSWERS}/{self.workbook}/{self.name}.json"

    def ended(self, error: str = "", said: str = "", result: Any = None) -> Outcome:
        """Say how it ended: well, or with an error."""
        return Outcome(
            self.workbook, self.learner, self.case, self.fingerprint,
            FAILED if error else DONE, self.notebook, result, error, said, self.simulated,
        )  # fmt: skip

    def stamped(self, workbook: str, version: str) -> Job:
        """Return the job with its fingerprint, of the workbook's and the case's content."""
        made = json.dumps([workbook, version, self.learner, self.answers], sort_keys=True)
        return replace(self, fingerprint=hashlib.sha256(made.encode()).hexdigest()[:16])


@dataclass(frozen=True)
class Outcome:
    """How a job ended. `result` is what the notebook displays as its result, if it came to it."""

    workbook: str
    learner: str
    case: str
    fingerprint: str
    state: str
    notebook: str
    result: dict[str, Any] | None = None
    error: str = ""
    said: str = ""
    simulated: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The workbook and the learner."""
        return self.workbook, self.learner

    def as_line(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True) + "\n"


def run_job(folder: str, job: Job, limits: Limits) -> Outcome:
    """Run a job in a run's folder; the notebook is written whole, or not at all.

    It runs in a process made for it. Where that does not come back with an outcome (the notebook
    ended it, ran for too long, took it down), papermill runs it again with the cells in a process
    of their own, so that the notebook shows where that happened; once more where that one was
    killed. A notebook that fails is an outcome like any other.

    Raises
    ------
    OSError
        Something could not be written: the disk is full.
    """
    template.begin(_PRELOADED)
    outcome = None
    for separate in (False, True, True):
        outcome = _try(folder, job, limits, separate=separate)
        if outcome is not None and outcome.error != KILLED:
            break
    said = "The process that ran this notebook was killed."
    return outcome or replace(job.ended(KILLED, said), notebook="")


def _try(folder: str, job: Job, limits: Limits, *, separate: bool) -> Outcome | None:
    """Have a job run by a new process; None where it does not come back with an outcome."""
    seconds = limits.seconds and limits.seconds + (_PATIENCE_SECONDS if separate else 0)
    outcome: Outcome | OSError | None = None
    with suppress(EOFError, ConnectionError):  # it was killed, or the template
        process, pipe = template.start(_PLAY, job, limits, separate, folder=folder)
        try:
            while outcome is None and pipe.poll(seconds):
                outcome = pipe.recv()  # None at the beginning of each cell
        finally:
            pipe.close()
            template.end(process)
    if isinstance(outcome, OSError):
        raise outcome
    return outcome
