"""One job: one learner's answers, played by one workbook, into one executed notebook."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from phbkit.files import part_of, write_whole
from phbkit.kernels import template
from phbkit.kernels.limits import Limits
from phbkit.scoring import MIME

DONE, FAILED = "done", "failed"
WORKBOOKS, NOTEBOOKS, ANSWERS = "workbooks", "notebooks", "answers"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
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


class KilledError(Exception):
    """The notebook's process was killed, as the system does when memory runs out."""


def run_job(folder: str, job: Job, limits: Limits) -> Outcome:
    """Run a job in a run's folder; the notebook is written whole, or not at all.

    It runs in a process made for it. Where that process does not come back with an outcome (the
    notebook ended it, ran for too long, took it down), the notebook is run once more from outside,
    so that it shows where that happened. A notebook that fails is an outcome like any other.

    Raises
    ------
    OSError
        Something could not be written: the disk is full.
    KilledError
        The notebook's process was killed. It may go well another time.
    """
    for target in ("run_inside", "run_outside"):
        ended = _asked(target, folder, job, limits)
        if ended is not None:
            return ended
    raise KilledError("The process that ran this notebook was killed.")


def _asked(target: str, folder: str, job: Job, limits: Limits) -> Outcome | None:
    """Have a job run by a new process; None where it does not come back with an outcome."""
    process, pipe = template.start(f"phbkit.cohort.jobs:{target}", folder, job, limits)
    came: Outcome | Exception | None = None
    try:
        if pipe.poll(_patience(folder, job, limits)):
            came = pipe.recv()
    except EOFError:
        pass
    finally:
        pipe.close()
        template.end(process)
    if isinstance(came, Exception):
        raise came
    return came


def run_inside(pipe: Connection, folder: str, job: Job, limits: Limits) -> None:
    """Run a job in this process, and send the outcome."""
    from phbkit.kernels.bare_kernel import finish

    with suppress(OSError):  # a full disk, or files that the notebook left open
        pipe.send(execute(folder, job, limits, inside=True))
    finish()


def run_outside(pipe: Connection, folder: str, job: Job, limits: Limits) -> None:
    """Run a job in a process of its own, watched by this one, and send the outcome."""
    template.become_worker()
    logging.disable()  # what goes wrong is told of in the notebook
    try:
        pipe.send(execute(folder, job, limits, inside=False))
    except (OSError, KilledError) as error:
        pipe.send(type(error)(str(error)))
    except Exception as error:  # noqa: BLE001  no notebook may stop the others
        pipe.send(_failed(job, type(error).__name__, str(error)))
    os._exit(0)


def _patience(folder: str, job: Job, limits: Limits) -> float | None:
    """Give the seconds after which a notebook has switched off its own limit."""
    if limits.seconds is None:
        return None
    file = Path(folder) / WORKBOOKS / f"{job.workbook}.ipynb"
    return limits.seconds * (1 + len(json.loads(file.read_text(encoding="utf-8"))["cells"]))


def execute(folder: str, job: Job, limits: Limits, *, inside: bool) -> Outcome:
    """Execute a job's notebook, in this process or from outside, and write it.

    Raises
    ------
    OSError, KilledError
        As `run_job` does.
    """
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import prepare_notebook_metadata, raise_for_execution_errors
    from papermill.iorw import load_notebook_node, write_ipynb
    from papermill.parameterize import parameterize_notebook

    from phbkit.cohort.engine import register

    register()
    root = Path(folder)
    source = f"{WORKBOOKS}/{job.workbook}.ipynb"
    given = f"{ANSWERS}/{job.workbook}/{job.name}.json"
    whole: dict[str, Any] = {"learner": job.learner, "case": job.case, "answers": job.answers}
    whole |= {"simulated": True} if job.simulated else {}
    write_whole(root / given, json.dumps(whole, ensure_ascii=False, indent=1).encode())

    notebook = load_notebook_node(str(root / source))
    notebook = parameterize_notebook(notebook, {"answers": given})
    notebook = prepare_notebook_metadata(notebook, source, job.notebook)
    notebook = papermill_engines.execute_notebook_with_engine(
        "phb",
        notebook,
        kernel_name="python3",
        progress_bar=False,
        execution_timeout=limits.seconds,
        mebibytes=limits.mebibytes,
        folder=folder,
        inside=inside,
        store_widget_state=False,
    )
    ended = _begun(job)
    with part_of(root / job.notebook) as part:
        try:
            raise_for_execution_errors(notebook, part)
        except PapermillExecutionError as error:
            ended = replace(ended, state=FAILED, error=error.ename, said=error.evalue)
        else:
            write_ipynb(notebook, part)
            ended = replace(ended, result=_result(notebook))
    if ended.error == "DeadKernelError" and "signal 9" in ended.said:
        raise KilledError(ended.said)
    return ended


def _failed(job: Job, error: str, said: str) -> Outcome:
    return replace(_begun(job), state=FAILED, notebook="", error=error, said=said)


def _begun(job: Job) -> Outcome:
    return Outcome(
        job.workbook, job.learner, job.case, job.fingerprint, DONE, job.notebook,
        simulated=job.simulated,
    )  # fmt: skip


def _result(notebook: Any) -> dict[str, Any] | None:
    found = [
        output.data[MIME]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if MIME in output.get("data", {})
    ]
    return dict(found[-1]) if found else None
