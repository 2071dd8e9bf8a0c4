"""`phb run`, `phb simulate`, `phb report`, `phb remark`: cohorts through papermill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from phbkit.casebank import CaseBank
from phbkit.errors import PhbError
from phbkit.settings import settings

if TYPE_CHECKING:
    from phbkit.cohort.run import RunProgress

_STOPPED = 130


def add_cohorts(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (run, simulate, report, remark, result):
        app.command()(command)


def run(  # noqa: PLR0913, PLR0917  the options of a command
    workbooks: Annotated[list[Path], typer.Argument(help="Workbooks, such as workbooks/*.ipynb.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="A folder for the run; or one .ipynb to write.")
    ],
    answers: Annotated[
        str,
        typer.Option("--answers", "-a", help="CSV, JSON lines, a folder, or a database address."),
    ] = "",
    parameters: Annotated[
        Path | None,
        typer.Option("--parameters", "-p", help="A CSV of scenarios, for a workbook about money."),
    ] = None,
    area: Annotated[
        Path | None, typer.Option(help="With --parameters: a CSV of your own area's figures.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Run this learner only; may be repeated.")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run what failed before once more.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option("-j", "--jobs", min=1, max=512, help="Notebooks at a time.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Seconds that a cell may take.")] = 60,
    megabytes: Annotated[
        int, typer.Option("--memory", min=256, help="Mebibytes that a notebook may use.")
    ] = 2048,
    scheduler: Annotated[
        str, typer.Option(help="A Dask scheduler, such as tcp://10.0.0.5:8786.")
    ] = "",
    attempt: Annotated[
        Literal["first", "latest"] | None,
        typer.Option(help="Whose answers count, of several in a database: first by default."),
    ] = None,
) -> None:
    """Run a cohort or scenarios through workbooks; stopped or killed, the same command goes on.

    With one workbook and --out something.ipynb it runs that one notebook.
    """
    if parameters is not None and (answers or out.suffix == ".ipynb"):
        raise PhbError("--parameters: takes no --answers, and needs a folder to write to.")
    if area is not None and parameters is None:
        raise PhbError("--area: goes with --parameters.")
    if out.suffix == ".ipynb":
        _run_one(workbooks, out, answers)
        return
    if not answers and parameters is None:
        raise PhbError("--answers: say whose answers to run; or give --out one notebook to write.")
    from phbkit.cohort.run import Options, run_cohort
    from phbkit.kernels.limits import Limits

    limits, using = Limits(seconds, megabytes), settings()
    try:
        with _progress_bar() as watch:
            chosen = (workers, tuple(only or ()), retry_failed, limits, scheduler, attempt)
            options = Options(*chosen, watch)
            if parameters is None:
                progress = run_cohort(workbooks, answers, out, options, using=using)
            else:
                from phbkit.cohort.sweep import run_scenarios

                progress = run_scenarios(
                    workbooks, parameters, out, options, area=area, using=using
                )
    except KeyboardInterrupt:
        typer.echo("\nStopped. What is done is kept; the same command goes on.", err=True)
        raise typer.Exit(_STOPPED) from None
    left_out = [file.name for file in sorted(workbooks) if file not in progress.workbooks]
    if left_out:
        typer.echo(f"Left out, as they play no case of their own: {', '.join(left_out)}.")
    typer.echo(f"{progress} {out / 'results.csv'}")
    if parameters is not None:
        from phbkit.cohort.sweep import PAGE, TABLE

        typer.echo(f"{out / TABLE} {out / PAGE}")
    if progress.failed:
        raise typer.Exit(1)


def _run_one(workbooks: list[Path], out: Path, answers: str) -> None:
    from phbkit.cohort.execution import run_notebook

    if len(workbooks) != 1:
        raise PhbError("--out: one notebook can be written from one workbook; name a folder.")
    given = {"answers": str(Path(answers).resolve())} if answers else {}
    run_notebook(workbooks[0], out, given)
    typer.echo(str(out))


@contextmanager
def _progress_bar() -> Iterator[Callable[[RunProgress], None]]:
    """Show a bar of notebooks; give what is told how the run stands."""
    from rich import progress

    text, drawn, _, left = progress.Progress.get_default_columns()
    columns = (text, drawn, progress.MofNCompleteColumn(), left)
    with progress.Progress(*columns, transient=True) as bar:
        task = bar.add_task("Notebooks", total=None)
        yield lambda now: bar.update(task, total=now.jobs, completed=now.ran + now.before)


def simulate(
    out: Annotated[Path, typer.Option("--out", "-o", help="A .jsonl or .csv file to write.")],
    learners: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many learners.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed makes the same cohort.")] = 1,
    cases: Annotated[
        list[str] | None, typer.Option("--case", help="A case; may be repeated. All by default.")
    ] = None,
) -> None:
    """Make up a cohort to try things out. Every answer is marked as simulated."""
    from phbkit.cohort.simulate import write_simulated

    bank = CaseBank(settings().need_folder("casebank"))
    loaded = [bank.load(case) for case in cases or bank.case_ids]
    count = write_simulated(loaded, learners, seed, out)
    typer.echo(f"{count} simulated attempts of {learners} learners: {out}")


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run, such as runs/spring.")],
    standards: Annotated[
        Path | None, typer.Option(help="What judges said of the pass mark, as JSON.")
    ] = None,
    marks: Annotated[
        list[Path] | None, typer.Option("--marks", help="A marker's CSV; give two of them.")
    ] = None,
) -> None:
    """Report on a run: an executed notebook, a page and a PDF, in the run's folder."""
    from phbkit.cohort.report.write import write_report

    made, written = write_report(run, standards, marks or [], using=settings())
    if made.stamp:
        typer.echo(made.stamp)
    for file in written:
        typer.echo(str(file))


def remark(
    run: Annotated[Path, typer.Argument(help="The folder of a run, such as runs/spring.")],
    casebank: Annotated[Path, typer.Option(help="The case bank to score with.")],
    cut: Annotated[
        list[str] | None,
        typer.Option("--cut", help="The line, per cent: 60, or clinicians=70 for a panel."),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", help="An item that counts for nobody: case/question."),
    ] = None,
) -> None:
    """Score a run again with another case bank, and list who crosses the line.

    No notebook is run. Without --cut the line is the pass mark that phb report --standards set.
    The exit code is 1 where somebody's answers are no longer taken.
    """
    from phbkit.cohort.remark import UP
    from phbkit.cohort.remark import remark as score_again

    made = score_again(run, CaseBank(casebank), dict(map(_line, cut or ())), drop or ())
    people, lost = made.rows["learner"].nunique(), made.refused["learner"].nunique()
    if lost:
        typer.echo(f"Not scored again: {lost} of {people} learners, whose answers are not taken.")
    if made.simulated:
        typer.echo("Simulated answers: nobody real gave them.")
    if made.formative:
        typer.echo(f"For learning only, not to pass or fail by: {', '.join(made.formative)}.")
    typer.echo(f"Changed: {', '.join(made.changed) or 'no case'}.")
    if made.dropped:
        typer.echo(f"Dropped, for everybody: {', '.join(made.dropped)}.")
    for learner, case, reason in made.refused.itertuples(index=False):
        typer.echo(f"Not scored again: {learner}, {case}: {reason}")
    for row in made.crossing.to_dict("records"):
        side = "now at or above" if row["crosses"] == UP else "now below"
        line = f"{side} {made.cuts[row['key']]:.2f} %."
        scores = f"{row['before']:.2f} % before, {row['after']:.2f} % after, {line}"
        typer.echo(f"{row['learner']}: {row['case']}, {row['key']}: {scores}")
    over = "case by case and over all cases" if made.each_case else "over all cases"
    crossing, others = (rows["learner"].nunique() for rows in (made.crossing, made.critical))
    typer.echo(f"Critical errors are others for {others} of {people} learners: remark.json.")
    of = f"{people - lost} learners scored again" if lost else f"{people} learners"
    typer.echo(f"{crossing} of {of} cross the line, {over}. {made.folder}")
    if lost:
        raise typer.Exit(1)


def _line(given: str) -> tuple[str, float]:
    """Read `60` or `clinicians=70`."""
    key, _, percent = given.rpartition("=")
    try:
        value = float(percent)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise PhbError(f"--cut {given}: must be per cent, like 60 or clinicians=70.")
    return key or "key", value


def result(notebook: Annotated[Path, typer.Argument(help="An executed notebook.")]) -> None:
    """Print the machine-readable result in an executed notebook as JSON."""
    import json

    from phbkit.cohort.jobs import read_result

    typer.echo(json.dumps(read_result(notebook), indent=2))
