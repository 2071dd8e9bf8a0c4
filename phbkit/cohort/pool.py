"""Running jobs side by side: on this machine in copies of the template, or on a Dask cluster."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from phbkit.cohort.folder import RunError
from phbkit.cohort.jobs import FAILED, Job, KilledError, Outcome, run_job
from phbkit.errors import SettingsError
from phbkit.kernels import template
from phbkit.kernels.limits import Limits

MOST_TRIES = 3
_MOST_BREAKS = 20  # in a row, with no job done between them
# The template or a worker was killed; an OSError where that happened while another was starting.
_GONE = (BrokenProcessPool, OSError, EOFError)


@dataclass(frozen=True)
class Share:
    """Where jobs write, and what each notebook may use."""

    folder: str
    limits: Limits


class Pool:
    """Workers on this machine. A worker that is killed is replaced, and its job run again."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._executor: ProcessPoolExecutor | None = None

    def submit(self, share: Share, job: Job) -> Future[Outcome]:
        """Hand a job to a worker."""
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self.width, mp_context=template.context(), initializer=template.become_worker
            )
        with template.starting():
            return self._executor.submit(run_job, share.folder, job, share.limits)

    def mend(self) -> None:
        """Give up workers that one of them has taken down; the next job gets new ones."""
        if self._executor:
            self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = None

    def stop(self) -> None:
        """End all workers now."""
        processes = list(self._executor._processes.values()) if self._executor else []  # noqa: SLF001
        self.mend()
        for process in processes:
            process.kill()


class Cluster:
    """Workers of a Dask cluster, which see the run's folder under the same name."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise SettingsError("--scheduler needs Dask: pip install 'phbkit[cluster]'.") from error
        try:
            self._client = Client(address, timeout=20)
        except (OSError, ValueError) as error:
            raise RunError(f"--scheduler: nobody answers at {address}: {error}") from error
        self._executor: Executor = self._client.get_executor(pure=False)
        self.width = max(1, sum(self._client.nthreads().values()))

    def submit(self, share: Share, job: Job) -> Future[Outcome]:
        """Hand a job to the cluster."""
        return self._executor.submit(run_job, share.folder, job, share.limits)

    def mend(self) -> None:
        """Do nothing: the scheduler looks after its workers."""

    def stop(self) -> None:
        """Take back what has not begun."""
        self._executor.shutdown(wait=False)
        self._client.close()


def run_all(pool: Pool | Cluster, share: Share, jobs: Iterable[Job]) -> Iterator[Outcome]:
    """Run jobs, and give how each ended as it ends; a few wait at a time, so memory stays flat.

    Raises
    ------
    OSError
        The jobs cannot go on: the disk is full.
    RunError
        Workers are killed again and again.
    """
    flight = _Flight(pool, share, jobs)
    try:
        while flight.fill():
            yield from flight.landed()
    finally:
        pool.stop()


class _Flight:
    """The jobs that are under way, and those that have to be run again."""

    def __init__(self, pool: Pool | Cluster, share: Share, jobs: Iterable[Job]) -> None:
        self._pool, self._share, self._rest = pool, share, iter(jobs)
        self._again: deque[Job] = deque()
        self._flying: dict[Future[Outcome], Job] = {}
        self._tries: Counter[tuple[str, str]] = Counter()
        self._breaks = 0

    def fill(self) -> bool:
        """Keep the workers busy; say whether anything is under way."""
        while len(self._flying) < 2 * self._pool.width:
            job = self._again.popleft() if self._again else next(self._rest, None)
            if job is None:
                break
            try:
                self._flying[self._pool.submit(self._share, job)] = job
            except _GONE:
                self._again.append(job)
                self._mend()
        return bool(self._flying)

    def landed(self) -> Iterator[Outcome]:
        """Wait for jobs to end, and give how they did."""
        broken = False
        for future in wait(self._flying, return_when=FIRST_COMPLETED).done:
            job = self._flying.pop(future)
            try:
                yield future.result()
                self._breaks = 0
            except BrokenProcessPool:
                self._again.append(job)
                broken = True
            except CancelledError:  # it waited in a pool that was given up
                self._again.append(job)
            except KilledError as error:
                self._tries[job.key] += 1
                if self._tries[job.key] >= MOST_TRIES:
                    yield _killed(job, str(error))
                else:
                    self._again.append(job)
        if broken:
            self._mend()

    def _mend(self) -> None:
        self._pool.mend()
        self._breaks += 1
        if self._breaks > _MOST_BREAKS:
            raise RunError(
                "The run stopped: its workers are killed again and again. Perhaps memory runs out: "
                "try fewer at a time with -j. What is done is kept; the same command goes on."
            )


def _killed(job: Job, said: str) -> Outcome:
    return Outcome(
        job.workbook, job.learner, job.case, job.fingerprint, FAILED, job.notebook,
        error="KilledError", said=f"{said} Tried {MOST_TRIES} times.", simulated=job.simulated,
    )  # fmt: skip


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
