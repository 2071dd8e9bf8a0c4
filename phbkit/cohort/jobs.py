"""One job: one learner's answers, played by one workbook, into one executed notebook."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phbkit.errors import PhbError
from phbkit.scoring import MIME

DONE, FAILED = "done", "failed"
WORKBOOKS, NOTEBOOKS, ANSWERS = "workbooks", "notebooks", "answers"
KILLED = "KilledError"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


class RunError(PhbError):
    """A run, or one notebook, that cannot begin or go on, and what would let it."""


def digest(content: bytes) -> str:
    """Name content by the first sixteen digits of its SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


@dataclass(frozen=True)
class CohortAttempt:
    """One learner's answers to one case, as given; `simulated` where nobody real gave them."""

    learner: str
    case: str
    answers: dict[str, Any]
    simulated: bool = False

    def as_line(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(vars(self), ensure_ascii=False) + "\n"


@dataclass(frozen=True, kw_only=True)
class Job(CohortAttempt):
    """An attempt to be run. `fingerprint` names everything that its outcome depends on."""

    workbook: str
    fingerprint: str = ""

    @classmethod
    def of(cls, attempt: CohortAttempt, played: dict[str, str]) -> Job:
        """Make the job of an attempt at a case that is played as a run's manifest says."""
        name = played["workbook"]
        content = [played["workbook_sha256"], played["version"], attempt.learner, attempt.answers]
        # Runs of version 0.1.0 have no more.
        more = [played["shown_with"], attempt.simulated] if "shown_with" in played else []
        made = digest(json.dumps([*content, *more], sort_keys=True).encode())
        return cls(**vars(attempt), workbook=name, fingerprint=made)

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
        return f"{plain}~{digest(self.learner.encode())[:12]}"

    @property
    def notebook(self) -> str:
        """Where the executed notebook goes, in the run's folder."""
        return f"{NOTEBOOKS}/{self.workbook}/{self.name}.ipynb"

    @property
    def answers_file(self) -> str:
        """Where the answers go, in the run's folder."""
        return f"{ANSWERS}/{self.workbook}/{self.name}.json"

    def ended(self, error: str = "", said: str = "", result: Any = None) -> JobOutcome:
        """Say how it ended: well, or with an error."""
        return JobOutcome(
            self.workbook, self.learner, self.case, self.fingerprint,
            FAILED if error else DONE, self.notebook, result, error, said, self.simulated,
        )  # fmt: skip


@dataclass(frozen=True)
class JobOutcome:
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
        return json.dumps(vars(self), ensure_ascii=False, sort_keys=True) + "\n"


def read_result(notebook: Path) -> dict[str, Any]:
    """Return the last result that an executed notebook displays.

    Raises
    ------
    RunError
        It is not a notebook, or displays no result.
    """
    import nbformat
    from nbformat.reader import NotJSONError

    try:
        result = result_of(nbformat.read(notebook, as_version=4).cells)
    except (OSError, NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise RunError(f"{notebook}: cannot be read as a notebook: {error}") from error
    if result is None:
        raise RunError(
            f"{notebook}: holds no result. Run it first: phb run WORKBOOK --out {notebook}"
        )
    return result


def result_of(cells: Iterable[Any]) -> dict[str, Any] | None:
    """Return the last result that cells display."""
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    results = [output.data[MIME] for output in outputs if MIME in output.get("data", {})]
    return dict(results[-1]) if results else None
