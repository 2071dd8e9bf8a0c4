"""Writing a run's report: the executed notebook, a page, a PDF, and tables to go on with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from phbkit.cohort.execution import run_notebook
from phbkit.cohort.folder import RunFolder
from phbkit.cohort.page import as_html
from phbkit.cohort.report import passing, texts
from phbkit.cohort.report.report import Report
from phbkit.cohort.report.standards import CUTS, keep_cuts
from phbkit.documents.document import as_pdf
from phbkit.files import write_whole
from phbkit.settings import Settings

NOTEBOOK = "cohort_report.ipynb"


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
    for name in (texts.MARKED, CUTS, passing.DECISIONS):
        (folder / name).unlink(missing_ok=True)
    if report.run and not report.run.texts.empty:
        texts.write_for_marking(folder, report.run.texts)
    if report.marks:
        texts.write_marked(folder, report.frame("marks"))
    if report.standards:
        keep_cuts(folder, report.standards.values())
    if not report.frame("decisions").empty:
        passing.write_decisions(folder, report.frame("decisions"))
    names = (texts.TO_MARK, texts.KEY_FILE, texts.MARKED, CUTS, passing.DECISIONS)
    return [folder / name for name in names if (folder / name).exists()]


def _execute(
    using: Settings, out: Path, run: Path, standards: Path | None, marks: Sequence[Path]
) -> None:
    """Execute the notebook in the run's folder, so that it can be opened and run there again.

    It works the figures out anew: that they come out of the folder again is what it is kept for.
    """

    def near(file: Path) -> str:
        return os.path.relpath(file.resolve(), run.resolve())

    parameters = {
        "run": ".",
        "standards": near(standards) if standards else None,
        "marks": [near(file) for file in marks] or None,
    }
    before = dict(os.environ)
    os.environ["PHB_CASEBANK"] = str(using.need_folder("casebank").resolve())  # from any folder
    try:
        run_notebook(using.need_folder("workbooks") / NOTEBOOK, out, parameters, run)
    finally:
        os.environ.clear()
        os.environ.update(before)
