"""The `phb` command: parse, call, print."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from phbkit import __version__, wings
from phbkit.casebank import Case, CaseBank, scaffold
from phbkit.errors import PhbError
from phbkit.files import need_absent
from phbkit.settings import settings

Port = Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)]


class Commands(TyperGroup):
    """Commands that fail with a message and exit code 2 where a person can put it right."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; a PhbError, and a file that cannot be read or written, is a message."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except PhbError as error:
            problem = str(error)
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            problem = f"{place}{error.strerror or error}."
        typer.echo(f"phb: {problem}", err=True)
        raise typer.Exit(2)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Workbooks for deciding with people how a personal health budget is spent."""
    if version:
        typer.echo(f"phbkit {__version__}")
        raise typer.Exit


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Port = 8866,
    database: Annotated[
        str, typer.Option(help="A SQLAlchemy address; PHB_DATABASE if left out.")
    ] = "",
    sign_in: Annotated[
        str, typer.Option(help="local, links, header or hub; PHB_SIGN_IN if left out.")
    ] = "",
) -> None:
    """Serve the workbooks in the browser: to you alone, or to learners who sign in."""
    from phbkit.records.database import without_password
    from phbkit.serving.app import make_server

    chosen, base = settings(database=database, sign_in=sign_in), "/"
    if chosen.sign_in == "hub":
        from phbkit.serving.hub import place

        host, port, base = place()
    server = make_server(chosen, host=host, port=port, base=base)
    address = chosen.public_url or f"http://{host}:{port}/"
    typer.echo(f"The workbooks are at {address}  (stop with Ctrl-C)")
    typer.echo(f"Answers are kept in {without_password(chosen.database_url)}")
    server.start()


@app.command()
def check(
    case: Annotated[str, typer.Argument(help="The id of one case; all where left out.")] = "",
    due: Annotated[bool, typer.Option("--due", help="List sources whose check is due.")] = False,
    publishable: Annotated[
        bool, typer.Option("--publishable", help="Refuse cases that nobody has signed off.")
    ] = False,
    construct: Annotated[
        bool, typer.Option("--construct", help="Report what gives the keys of questions away.")
    ] = False,
) -> None:
    """Check the case bank: every fault of every case, with file, line, field and cure."""
    from phbkit.decision import RULES

    bank = CaseBank(settings().need_folder("casebank"))
    if due:
        for name, source in bank.due().items():
            typer.echo(f"{source.due}  {name}: {source.title}, {source.publisher}")
        typer.echo(f"{_count(len(bank.due()), 'source')} due on {bank.today}.")
        return
    found = bank.check(*([case] if case else []), functions=RULES)
    ids = [case] if case else bank.case_ids
    faults, warnings = found["fault"] + found["unread"], found["warning"]
    faults += found["unpublishable"] if publishable else []
    for fault in faults:
        typer.echo(str(fault))
    for warning in warnings:
        typer.echo(f"{warning}  (warning)")
    if faults:
        typer.echo(f"{_count(len(faults), 'fault')}.", err=True)
        raise typer.Exit(1)
    for line in _lengths([bank.load(each) for each in ids]):
        typer.echo(line)
    for report in wings.hooks("report_questions") if construct else ():
        typer.echo(report([bank.load(each) for each in ids]))
    more = f", {_count(len(warnings), 'warning')}" if warnings else ""
    typer.echo(f"No faults in {_count(len(ids), 'case')}{more}.")


def _lengths(cases: Iterable[Case]) -> Iterator[str]:
    """Say how long each sitting of some cases is, to somebody who answers everything."""
    from phbkit.workbook.length import MOST_WORDS, lengths

    for hook in wings.hooks("made_up_answers"):
        for case in cases:
            for sitting, length in lengths(case, hook(case)).items():
                over = f"; says {sitting.minutes}" if length.minutes > sitting.minutes else ""
                over += f"; over, at most {MOST_WORDS} words" if length.words > MOST_WORDS else ""
                yield f"{case.id}: {sitting.title}: {length}{over}"


@app.command()
def doctor() -> None:
    """Look at this installation and say what is wrong with it, and what would put it right."""
    from phbkit.serving.doctor import look

    wrong = 0
    for finding in look(settings()):
        typer.echo(f"{finding.verdict:5}  {finding.about}: {finding.said}")
        wrong += finding.verdict == "wrong"
    if wrong:
        typer.echo(f"{_count(wrong, 'thing')} to put right.", err=True)
        raise typer.Exit(1)
    typer.echo("Nothing is wrong.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


@app.command()
def new(case: Annotated[str, typer.Argument(help="The new case's id, like back-pain.")]) -> None:
    """Make the skeleton of a new case in the case bank."""
    bank = CaseBank(settings().need_folder("casebank"))
    typer.echo(str(scaffold.new_case(bank.root, case, bank.today)))


@app.command()
def notebook(
    case: Annotated[str, typer.Argument(help="The id of a case without faults.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The notebook to write.")],
) -> None:
    """Write the notebook that plays a case."""
    need_absent(out)
    _write_notebook(CaseBank(settings().need_folder("casebank")).load(case), out)
    typer.echo(str(out))


def _write_notebook(case: Case, out: Path) -> None:
    import nbformat

    from phbkit.workbook.new_notebook import make_notebook

    out.write_text(nbformat.writes(make_notebook(case)) + "\n", encoding="utf-8")


@app.command()
def preview(
    case: Annotated[str, typer.Argument(help="The id of a case; parts may be left to fill in.")],
    port: Port = 8867,
) -> None:
    """Serve one case as it is now; answers are thrown away when it stops."""
    from phbkit.serving.app import make_server

    chosen = settings()
    loaded = CaseBank(chosen.need_folder("casebank"), drafts=True).load(case)
    with tempfile.TemporaryDirectory(prefix="phb-preview-") as name:
        folder = Path(name)
        _write_notebook(loaded, folder / "preview.ipynb")
        database = f"sqlite:///{folder / 'records.sqlite'}"
        update = {"workbooks": folder, "database": database, "drafts": True}
        server = make_server(chosen.model_copy(update=update), host="127.0.0.1", port=port)
        typer.echo(f"{case} is at http://127.0.0.1:{port}/module/preview  (stop with Ctrl-C)")
        server.start()


@app.command()
def schema(
    what: Annotated[
        str, typer.Argument(help="case, questions, deal, sources, bodies or glossary.")
    ] = "case",
) -> None:
    """Print a JSON Schema, for completion and checks in an editor."""
    typer.echo(scaffold.schema(what), nl=False)


BackupFile = Annotated[Path, typer.Argument(help="The file of the backup.")]


@app.command()
def backup(file: BackupFile) -> None:
    """Write the records and what else a restore needs into a file, while the server goes on."""
    from phbkit.records.backup import back_up

    typer.echo(f"{file}: {back_up(settings(), file)}")


@app.command()
def restore(file: BackupFile) -> None:
    """Put back what a backup holds, once it is found whole; nothing that is there is lost."""
    from phbkit.records import restore

    for told in restore.restore(settings(), file):
        typer.echo(told)


for add in wings.hooks("add_commands"):
    add(app)


def entry() -> None:
    """Run the command line."""
    app()
