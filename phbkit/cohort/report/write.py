"""Writing a run's report: the executed notebook, a page, a PDF, and tables to go on with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from phbkit.cohort.folder import RunFolder
from phbkit.cohort.page import as_html
from phbkit.cohort.report import passing, texts
from phbkit.cohort.report.report import Report
from phbkit.cohort.report.standards import CUTS, keep_cuts
from phbkit.documents.document import as_pdf
from phbkit.files import write_whole
from phbkit.settings import Settings

NOTEBOOK = "cohort_report.ipynb"
_CASEBANK = "PHB_CASEBANK"


def write_report(
    run: Path, standards: Path | None, marks: Sequence[Path], *, using: Settings
) -> tuple[Report, list[Path]]:
    """Write the report of a run into its folder; each file whole or not at all.

    Returns
    -------
    tuple
        The report, and the files that were written.

    Raises
    ------
    RunError, CaseError, StandardsError, MarksError, StatisticsError
        What cannot be used, and what would be right.
    """
    report = Report.open(run, standards, marks, using=using)
    document = report.document()  # so that what is wrong is told before anything is written
    with RunFolder(run).alone():
        written = _tables(report, run)
        notebook, page, pdf = (run / f"report.{kind}" for kind in ("ipynb", "html", "pdf"))
        _execute(using, notebook, run, standards, marks)
        write_whole(page, as_html(document))
        write_whole(pdf, as_pdf(document))
    return report, [notebook, page, pdf, *written]


def _tables(report: Report, folder: Path) -> list[Path]:
    """Write the tables there is something for, and take away those of an earlier report."""
    assert report.run is not None  # noqa: S101  it was opened with one
    written = []
    if report.run.texts:
        texts.write_for_marking(folder, report.run.texts)
        written += [folder / texts.TO_MARK, folder / texts.KEY_FILE]
    if report.marked:
        texts.write_marked(folder, report.frame("marks"))
        written.append(folder / texts.MARKED)
    if report.standards:
        keep_cuts(folder, list(report.standards.values()))
        written.append(folder / CUTS)
    if report.decided:
        passing.write_decisions(folder, report.frame("decisions"))
        written.append(folder / passing.DECISIONS)
    for name in (texts.MARKED, CUTS, passing.DECISIONS):
        if folder / name not in written:
            (folder / name).unlink(missing_ok=True)
    return written


def _execute(
    using: Settings, out: Path, run: Path, standards: Path | None, marks: Sequence[Path]
) -> None:
    """Execute the notebook in the run's folder, so that it can be opened and run there again.

    It works the figures out anew: that they come out of the folder again is what it is kept for.
    """
    from phbkit.cohort.execution import run_notebook

    def near(file: Path) -> str:
        return os.path.relpath(file.resolve(), run.resolve())

    parameters = {
        "run": ".",
        "standards": near(standards) if standards else None,
        "marks": [near(file) for file in marks] or None,
    }
    with _casebank(using):
        run_notebook(using.need_folder("workbooks") / NOTEBOOK, out, parameters, run)


@contextmanager
def _casebank(using: Settings) -> Iterator[None]:
    """Let the kernel, which works in another folder, find the case bank that is used here."""
    before = os.environ.get(_CASEBANK)
    os.environ[_CASEBANK] = str(using.need_folder("casebank").resolve())
    try:
        yield
    finally:
        if before is None:
            del os.environ[_CASEBANK]
        else:
            os.environ[_CASEBANK] = before
