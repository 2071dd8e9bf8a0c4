"""Running one workbook with papermill, and reading the result out of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from phbkit.errors import AnswersError, PhbError
from phbkit.files import part_of
from phbkit.scoring import MIME

QUIETLY = ["--log-level=ERROR"]
"""For kernels on this machine: each would warn that what it says on loopback is not encrypted."""


class RunError(PhbError):
    """A notebook that cannot be run, or that has no result in it."""


def run_notebook(notebook: Path, out: Path, answers: Path | None = None) -> None:
    """Run one workbook; `out` is written whole or not at all.

    Raises
    ------
    AnswersError
        The answers cannot be taken.
    RunError
        The notebook cannot be read or failed for another reason.
    """
    import papermill
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError

    from phbkit.cohort.engine import NAME, PhbEngine

    if not notebook.is_file():
        raise RunError(f"{notebook}: there is no such notebook.")
    papermill_engines.register(NAME, PhbEngine)  # where its entry point was not installed
    parameters = {"answers": str(answers.resolve())} if answers else {}
    try:
        with part_of(out) as part:
            papermill.execute_notebook(
                notebook,
                part,
                parameters,
                NAME,
                progress_bar=False,
                request_save_on_cell_execute=False,
            )
    except PapermillExecutionError as error:
        kind = AnswersError if error.ename == "AnswersError" else RunError
        raise kind(error.evalue) from error


def read_result(notebook: Path) -> dict[str, Any]:
    """Return the last result that an executed notebook displays.

    Raises
    ------
    RunError
        It is not a notebook, or displays no result.
    """
    import nbformat
    from nbformat.reader import NotJSONError

    try:
        result = result_of(nbformat.read(notebook, as_version=4).cells)
    except (OSError, NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise RunError(f"{notebook}: cannot be read as a notebook: {error}") from error
    if result is None:
        raise RunError(
            f"{notebook}: holds no result. Run it first: phb run WORKBOOK --out {notebook}"
        )
    return result


def result_of(cells: Iterable[Any]) -> dict[str, Any] | None:
    """Return the last result that cells display."""
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    results = [output.data[MIME] for output in outputs if MIME in output.get("data", {})]
    return dict(results[-1]) if results else None
