"""A Dask cluster of two workers on this machine gives what one machine gives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from phbkit.casebank import CaseBank
from phbkit.cohort.jobs import RunError
from phbkit.cohort.run import Options, run_cohort
from phbkit.cohort.simulate import write_simulated
from phbkit.settings import settings
from tests import programs
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
WORKBOOKS = [ROOT / "workbooks" / name for name in ("know_the_deal.ipynb", "mental_health.ipynb")]
CASES = ("know-the-deal", "mental-health")


@contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of Dask, and end it."""
    quiet = subprocess.DEVNULL
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", *command]
    with programs.running(words, stdout=quiet, stderr=quiet, env=env) as process:
        yield process


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two workers, as docs/trainers.md starts them."""
    address = f"tcp://127.0.0.1:{free_port()}"
    port = address.rpartition(":")[2]
    folder = str(tmp_path_factory.mktemp("dask"))
    with ExitStack() as stack:
        begin = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port)
        stack.enter_context(started(*begin, "--no-dashboard"))
        for _ in range(2):
            worker = ("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard")
            stack.enter_context(started(*worker, "--local-directory", folder))
        yield address


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> str:
    bank = CaseBank(settings().casebank)
    file = tmp_path_factory.mktemp("cohort") / "cohort.jsonl"
    write_simulated([bank.load(case) for case in CASES], 4, 3, file)
    return str(file)


def test_a_cluster_gives_the_same_tables_as_one_machine(
    scheduler: str, cohort: str, tmp_path: Path
) -> None:
    here = run_cohort(WORKBOOKS, cohort, tmp_path / "here", Options(), using=settings())
    there = run_cohort(
        WORKBOOKS, cohort, tmp_path / "there", Options(scheduler=scheduler), using=settings()
    )
    assert (here.ran, here.failed) == (there.ran, there.failed) == (8, 0)
    for table in ("results.csv", "results.parquet", "marks.parquet"):
        assert (tmp_path / "here" / table).read_bytes() == (tmp_path / "there" / table).read_bytes()
    again = run_cohort(
        WORKBOOKS, cohort, tmp_path / "there", Options(scheduler=scheduler), using=settings()
    )
    assert (again.ran, again.before) == (0, 8)


def test_a_scheduler_that_is_not_there_is_named(cohort: str, tmp_path: Path) -> None:
    nobody = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(RunError, match=nobody):
        run_cohort(WORKBOOKS, cohort, tmp_path / "x", Options(scheduler=nobody), using=settings())
