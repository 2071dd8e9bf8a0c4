"""One workbook under papermill, beside its empty cells there, and beside its case without it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import nbformat
import papermill

from benchmarks.timing import interleave, row

RUNS = 5
ROOT = Path(__file__).parent.parent
WORKBOOK = ROOT / "workbooks" / "chronic_pain_massage.ipynb"
ANSWERS = ROOT / "tests" / "answers" / "strong.json"
PLAYING = """
import datetime as dt, sys
from pathlib import Path
from phbkit.casebank import CaseBank
from phbkit.scoring import score
from phbkit.workbook.answers import read_answers
from phbkit.workbook.module import Module
from phbkit.records import MemoryJournal
case = CaseBank(Path(sys.argv[1])).load("chronic-pain-massage")
module = Module(case, MemoryJournal(dt.datetime.now(tz=dt.UTC)))
module.replay(read_answers(Path(sys.argv[2]))["answers"])
score(case, module.given).as_dict()
"""


def measure(notebook: Path, out: Path, parameters: dict[str, str]) -> float:
    start = time.perf_counter()
    papermill.execute_notebook(notebook, out, parameters, progress_bar=False, log_output=False)
    return time.perf_counter() - start


def play() -> float:
    """Load a case, replay its answers and score them, in a process of its own."""
    start = time.perf_counter()
    command = [sys.executable, "-c", PLAYING, str(ROOT / "casebank"), str(ANSWERS)]
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def emptied(folder: Path) -> Path:
    """Copy the workbook with every code cell emptied: what papermill costs by itself."""
    notebook = nbformat.read(WORKBOOK, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = "answers = None" if "parameters" in cell.metadata.get("tags", []) else ""
    nbformat.write(notebook, folder / "empty.ipynb")
    return folder / "empty.ipynb"


def rows() -> Iterator[tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = {"answers": str(ANSWERS)}
        ours, stock, alone = interleave(
            RUNS,
            partial(measure, WORKBOOK, folder / "out.ipynb", given),
            partial(measure, emptied(folder), folder / "none.ipynb", {}),
            play,
        )
    yield row("workbook under papermill (stock: its cells emptied)", ours, stock)
    yield row("its case loaded, replayed and scored (stock: under papermill)", alone, ours)
