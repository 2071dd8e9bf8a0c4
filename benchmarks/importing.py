"""Time to import phbkit, less the time Python takes to start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from benchmarks.timing import interleave, row

RUNS = 15
_CODE = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def measure(statement: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _CODE.format(statement)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def rows() -> Iterator[tuple[str, ...]]:
    statements = ("import phbkit", "from phbkit import Workbook", "import pandas, ipywidgets")
    package, workbook, stock = interleave(RUNS, *(partial(measure, s) for s in statements))
    yield row("import phbkit (stock: import pandas, ipywidgets)", package, stock)
    yield row("from phbkit import Workbook (stock: as above)", workbook, stock)
