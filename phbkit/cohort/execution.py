"""Executing notebooks with papermill and our engine: one alone, or a job's in its own process."""

from __future__ import annotations

import json
import logging
from contextlib import closing, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import papermill
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.iorw import LocalHandler, papermill_io

from phbkit.cohort import cells
from phbkit.cohort.engine import NAME, ForkedCells, PhbEngine, RunCell
from phbkit.cohort.jobs import KILLED, NOTEBOOKS, WORKBOOKS, Job, JobOutcome, RunError, result_of
from phbkit.errors import AnswersError
from phbkit.files import part_of, write_whole
from phbkit.kernels.limits import Limits


class WholeFiles(LocalHandler):  # type: ignore[misc]
    """Writes notebooks for papermill, each whole and on disk, wherever the notebook went."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def write(self, buf: str, path: str) -> None:
        """Write a notebook."""
        write_whole(self._folder / path, buf.encode(errors="replace"))


def execute(notebook: Path, out: str, parameters: dict[str, Any], **options: Any) -> Any:
    """Execute a notebook with papermill and our engine; return it, and write it to `out`."""
    papermill_engines.register(NAME, PhbEngine)  # where its entry point was not installed
    quietly = {"progress_bar": False, "request_save_on_cell_execute": False}
    return papermill.execute_notebook(notebook, out, parameters, NAME, **quietly, **options)


def run_notebook(
    notebook: Path, out: Path, parameters: dict[str, Any], folder: Path | None = None
) -> None:
    """Run one notebook in a folder; `out` is written whole or not at all.

    Raises
    ------
    AnswersError
        The answers cannot be taken.
    RunError
        The notebook cannot be read or failed for another reason.
    """
    if not notebook.is_file():
        raise RunError(f"{notebook}: there is no such notebook.")
    try:
        with part_of(out) as part:
            execute(notebook, part, parameters, cwd=folder)
    except PapermillExecutionError as error:
        if error.ename == "AnswersError":
            raise AnswersError(error.evalue) from error
        raise RunError(f"{notebook}: {error.ename}: {error.evalue}") from error


def play(pipe: Connection, job: Job, limits: Limits, separate: bool) -> None:
    """Run a job in the current folder, and send the outcome; before each cell, send None.

    Parameters
    ----------
    separate
        Run the cells in a process of their own, which may end as it likes.
    """
    logging.getLogger("papermill").disabled = True  # what goes wrong stands in the notebook
    if not separate:
        with suppress(Exception):  # whoever asked has it run again
            pipe.send(_execute(job, cells.Cells(limits).run, pipe))
        return
    with closing(ForkedCells(limits, "fork")) as forked:
        try:
            ended = _execute(job, forked.run, pipe)
            outcome: JobOutcome | OSError = replace(ended, error=KILLED) if forked.killed else ended
        except OSError as error:
            outcome = OSError(error.errno, error.strerror)
        except Exception as error:  # noqa: BLE001  no notebook may stop the others
            outcome = replace(job.ended(type(error).__name__, str(error)), notebook="")
    pipe.send(outcome)


def _execute(job: Job, run_cell: RunCell, pipe: Connection) -> JobOutcome:
    """Execute a job's notebook with papermill, and write it."""
    answers: dict[str, Any] = {"learner": job.learner, "case": job.case, "answers": job.answers}
    answers |= {"simulated": True} if job.simulated else {}
    content = json.dumps(answers, ensure_ascii=False, indent=1)
    write_whole(Path(job.answers_file), content.encode())
    papermill_io.register(NOTEBOOKS, WholeFiles(Path.cwd()))
    try:
        notebook = execute(
            Path(WORKBOOKS, f"{job.workbook}.ipynb"),
            job.notebook,
            {"answers": job.answers_file},
            kernel_name="python3",
            run_cell=run_cell,
            store_widget_state=False,
            on_cell_start=lambda **_: pipe.send(None),
        )
    except PapermillExecutionError as error:
        return job.ended(error.ename, error.evalue)
    return job.ended(result=result_of(notebook.cells))
