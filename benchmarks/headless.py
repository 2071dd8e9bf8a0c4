"""One workbook under papermill, beside the same number of empty cells under papermill."""

from __future__ import annotations

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


def measure(notebook: Path, out: Path, parameters: dict[str, str]) -> float:
    start = time.perf_counter()
    papermill.execute_notebook(notebook, out, parameters, progress_bar=False, log_output=False)
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
        ours, stock = interleave(
            RUNS,
            partial(measure, WORKBOOK, folder / "out.ipynb", given),
            partial(measure, emptied(folder), folder / "none.ipynb", {}),
        )
    yield row("workbook under papermill (stock: its cells emptied)", ours, stock)
