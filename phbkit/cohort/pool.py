"""Running jobs side by side: in copies of the template on this machine, or on a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice

from phbkit.cohort.folder import RunError
from phbkit.cohort.jobs import Job, Outcome, run_job
from phbkit.errors import SettingsError
from phbkit.kernels.limits import Limits

_STOPPING_SECONDS = 0.05


def run_all(
    jobs: Iterable[Job],
    folder: str,
    limits: Limits,
    *,
    width: int | None = None,
    scheduler: str = "",
) -> Iterator[Outcome]:
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
    with _cluster(scheduler) if scheduler else _threads(width or cores() + 1) as (executor, most):
        running: set[Future[Outcome]] = set()
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
def _threads(width: int) -> Iterator[tuple[Executor, int]]:
    """Give threads, each of which waits for one process at a time."""
    with ThreadPoolExecutor(width) as executor:
        yield executor, width


@contextmanager
def _cluster(address: str) -> Iterator[tuple[Executor, int]]:
    """Give the workers of a Dask cluster."""
    try:
        from distributed import Client
    except ImportError as error:
        raise SettingsError("--scheduler needs Dask: pip install 'phbkit[cluster]'.") from error
    try:
        client = Client(address, timeout=20)
    except (OSError, ValueError) as error:
        raise RunError(f"--scheduler: nobody answers at {address}: {error}") from error
    with client:
        yield client.get_executor(pure=False), max(1, sum(client.nthreads().values()))


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
