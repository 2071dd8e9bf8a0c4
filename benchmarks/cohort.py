"""A cohort through the workbooks, beside stock papermill and beside the cells alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import papermill
from IPython import get_ipython

from benchmarks.timing import interleave, row
from phbkit.casebank import Case, CaseBank
from phbkit.cohort.cells import Cells
from phbkit.cohort.jobs import CohortAttempt, Job
from phbkit.cohort.pool import cores, run_all
from phbkit.cohort.simulate import simulate, write_simulated
from phbkit.kernels import template
from phbkit.kernels.limits import Limits
from phbkit.settings import settings

RUNS = 3
STOCK_JOBS, OUR_JOBS, WARM_UP = 8, 150, 20
THREADS = (1, 2, 3, 4)
SHORT, LONG = 100, int(os.environ.get("PHB_BENCH_JOBS", "1000"))
ROOT = Path(__file__).parent.parent
_RUN = """
import sys, time
from pathlib import Path
from benchmarks.timing import most_memory
from phbkit.cohort.run import Options, run_cohort
from phbkit.settings import settings
ends = []
options = Options(watch=lambda now: ends.append(time.perf_counter()))
workbooks, cohort, folder = map(Path, sys.argv[3:]), sys.argv[1], Path(sys.argv[2])
run_cohort(list(workbooks), cohort, folder, options, using=settings())
print((ends[-1] - ends[20]) / (len(ends) - 21))
print(most_memory())
"""


@cache
def played() -> dict[str, Path]:
    """Find the shipped workbooks, by the case that they play."""
    found = {}
    for file in sorted((ROOT / "workbooks").glob("*.ipynb")):
        case = json.loads(file.read_text())["metadata"].get("phbkit", {}).get("case")
        if case:
            found[case] = file
    return found


@cache
def cases() -> list[Case]:
    bank = CaseBank(settings().casebank)
    return [bank.load(case) for case in played()]


def attempts(count: int) -> list[CohortAttempt]:
    """So many simulated attempts, at all cases in turn."""
    return list(simulate(cases(), -(-count // len(cases())), 7))[:count]


@dataclass(frozen=True)
class Workplace:
    """A folder with the workbooks and the answers that everybody runs."""

    folder: Path

    def prepare(self) -> None:
        """Put everything there."""
        (self.folder / "workbooks").mkdir()
        for file in played().values():
            (self.folder / "workbooks" / file.name).write_bytes(file.read_bytes())
        for number, attempt in enumerate(attempts(OUR_JOBS)):
            given = {"case": attempt.case, "answers": attempt.answers}
            (self.folder / f"{number}.json").write_text(json.dumps(given))

    def answers(self, number: int) -> str:
        """Name the answers file of one attempt."""
        return str(self.folder / f"{number}.json")

    def stock(self, threads: int) -> float:
        """Seconds a notebook, by papermill as it comes, some threads at a time.

        Now and then two kernels take one port and one of them never answers; the measure is then
        taken again, in papermill's favour.
        """
        while True:
            try:
                return self._stock(threads)
            except RuntimeError as error:
                print(f"papermill, {threads} threads, once more: {error}", file=sys.stderr)

    def _stock(self, threads: int) -> float:

        def one(numbered: tuple[int, CohortAttempt]) -> None:
            number, attempt = numbered
            out, given = self.folder / f"{number}.ipynb", {"answers": self.answers(number)}
            papermill.execute_notebook(
                played()[attempt.case],
                out,
                given,
                progress_bar=False,
                log_output=False,
                start_timeout=20,
            )

        start = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(one, enumerate(attempts(STOCK_JOBS))))
        return (time.perf_counter() - start) / STOCK_JOBS

    def ours(self) -> float:
        """Seconds a notebook, by the pool that `phb run` uses, once it is warm."""
        jobs = [
            Job(a.learner, a.case, a.answers, workbook=played()[a.case].stem)
            for a in attempts(OUR_JOBS)
        ]
        return _seconds_each(run_all(jobs, str(self.folder), Limits(60.0, 2048)))

    def bare(self) -> float:
        """Seconds a notebook: its cells alone, each notebook in a copy of the same template."""
        with ThreadPoolExecutor(cores() + 1) as pool:
            futures: list[Future[None]] = [
                pool.submit(_bare_notebook, str(played()[a.case]), self.answers(number))
                for number, a in enumerate(attempts(OUR_JOBS))
            ]
            return _seconds_each(as_completed(futures))


def _seconds_each(ending: Iterable[Any]) -> float:
    ends = [time.perf_counter() for _ in ending]
    return (ends[-1] - ends[WARM_UP]) / (len(ends) - WARM_UP - 1)


def _bare_notebook(notebook: str, answers: str) -> None:
    cells = json.loads(Path(notebook).read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    sources.insert(1, f"answers = {answers!r}")
    process, pipe = template.start("benchmarks.cohort:run_cells", sources, folder=str(ROOT))
    pipe.recv()
    pipe.close()
    template.end(process)


def run_cells(pipe: Connection, sources: list[str]) -> None:
    """Run cells through IPython in this copy of the template, and keep nothing."""
    Cells(Limits())
    shell = get_ipython()
    for source in sources:
        shell.run_cell(source, store_history=True)
    pipe.send("done")


def long_and_short(folder: Path) -> list[tuple[float, float]]:
    """Seconds a notebook and mebibytes of the runner, for a long run and a short one."""
    found = []
    for count in (LONG, SHORT):
        cohort = folder / f"{count}.jsonl"
        write_simulated(cases(), count // len(cases()), 7, cohort)
        command = [sys.executable, "-c", _RUN, str(cohort), str(folder / f"run{count}")]
        files = [str(file) for file in played().values()]
        done = subprocess.run([*command, *files], capture_output=True, text=True, check=True)
        seconds, size = map(float, done.stdout.split())
        found.append((seconds, size))
    return found


def rows() -> Iterator[tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as name:
        place = Workplace(Path(name))
        place.prepare()
        stocks = [partial(place.stock, n) for n in THREADS]
        ours, bare, *stock = interleave(RUNS, place.ours, place.bare, *stocks)
        best = min(stock, key=lambda values: sorted(values)[len(values) // 2])
        threads = THREADS[stock.index(best)]
        yield row(f"a notebook of a cohort (stock: papermill, {threads} threads)", ours, best)
        yield row("a notebook of a cohort (stock: its cells alone, forked)", ours, bare)
        (long, big), (short, small) = long_and_short(Path(name))
        yield row(f"a notebook of {LONG} (stock: of {SHORT})", [long], [short])
        yield row(f"the runner's memory, MiB, {LONG} (stock: {SHORT})", [big], [small], unit="")
