"""Running jobs side by side: in copies of the template on this machine, or on a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice

from phbkit.cohort.jobs import KILLED, Job, JobOutcome, RunError
from phbkit.errors import SettingsError
from phbkit.kernels import template
from phbkit.kernels.limits import Limits

_STOPPING_SECONDS = 0.05
_PATIENCE_SECONDS = 30.0


def run_all(
    jobs: Iterable[Job],
    folder: str,
    limits: Limits,
    *,
    width: int | None = None,
    scheduler: str = "",
) -> Iterator[JobOutcome]:
    """Run jobs, and give how each ended as it ends; a few wait at a time, so memory stays flat.

    Parameters
    ----------
    folder
        The run's folder, which all workers see under this name.
    limits
        What each notebook may use.
    width
        Notebooks at a time on this machine; by default one a core, and one more while others wait
        for the disk.
    scheduler
        The address of a Dask scheduler; empty for this machine.

    Raises
    ------
    OSError
        The jobs cannot go on: the disk is full.
    RunError, SettingsError
        No scheduler answers, or Dask is not installed.
    """
    waiting = iter(jobs)
    with _workers(scheduler, width or cores() + 1) as (executor, most):
        running: set[Future[JobOutcome]] = set()
        try:
            while True:
                for job in islice(waiting, 2 * most - len(running)):
                    running.add(executor.submit(run_job, folder, job, limits))
                if not running:
                    return
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield future.result()
        finally:
            for future in running:
                future.cancel()
            while not scheduler and wait(running, _STOPPING_SECONDS).not_done:
                for process in multiprocessing.active_children():
                    process.kill()


@contextmanager
def _workers(scheduler: str, width: int) -> Iterator[tuple[Executor, int]]:
    """Give threads that wait for one process each, or the workers of a Dask cluster."""
    if not scheduler:
        with ThreadPoolExecutor(width) as executor:
            yield executor, width
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise SettingsError("--scheduler needs Dask: pip install 'phbkit[cluster]'.") from error
    try:
        client = Client(scheduler, timeout=20)
    except (OSError, ValueError) as error:
        raise RunError(f"--scheduler: nobody answers at {scheduler}: {error}") from error
    with client:
        yield client.get_executor(pure=False), max(1, sum(client.nthreads().values()))


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_job(folder: str, job: Job, limits: Limits) -> JobOutcome:
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
    template.begin("pandas", "phbkit.cohort.preloaded")
    for separate in (False, True, True):
        outcome = _try(folder, job, limits, separate=separate)
        if outcome is not None and outcome.error != KILLED:
            break
    said = "The process that ran this notebook was killed."
    return outcome or replace(job.ended(KILLED, said), notebook="")


def _try(folder: str, job: Job, limits: Limits, *, separate: bool) -> JobOutcome | None:
    """Have a job run by a new process; None where it does not come back with an outcome."""
    seconds = limits.seconds and limits.seconds + (_PATIENCE_SECONDS if separate else 0)
    outcome: JobOutcome | OSError | None = None
    with suppress(EOFError, ConnectionError):  # it was killed, or the template
        play = "phbkit.cohort.execution:play"
        process, pipe = template.start(play, job, limits, separate, folder=folder)
        try:
            while outcome is None and pipe.poll(seconds):
                outcome = pipe.recv()  # None at the beginning of each cell
        finally:
            pipe.close()
            template.end(process)
    if isinstance(outcome, OSError):
        raise outcome
    return outcome
