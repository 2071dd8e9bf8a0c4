"""The `phb` command: parse, call, print."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from phbkit import __version__
from phbkit.errors import PhbError

app = typer.Typer(
    help="Workbooks for deciding with people how a personal health budget is spent.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _fails_clearly(command: Callable[..., None]) -> Callable[..., None]:
    """Turn a PhbError into its message and exit code 2."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except PhbError as error:
            typer.echo(f"phb: {error}", err=True)
            raise typer.Exit(2) from None

    return run


@app.callback(invoke_without_command=True)
def main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Workbooks for deciding with people how a personal health budget is spent."""
    if version:
        typer.echo(f"phbkit {__version__}")
        raise typer.Exit


@app.command()
@_fails_clearly
def serve(
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8866,
) -> None:
    """Serve the workbooks in the browser, on this machine only."""
    from phbkit.serving.app import make_server
    from phbkit.settings import settings

    chosen = settings()
    server = make_server(chosen, host=host, port=port)
    typer.echo(f"The workbooks are at http://{host}:{port}/  (stop with Ctrl-C)")
    typer.echo(f"Answers are kept in {chosen.database_url}")
    server.start()


@app.command()
@_fails_clearly
def check() -> None:
    """Check the case bank: every fault of every case, with file, line, field and cure."""
    from phbkit.casebank import CaseBank
    from phbkit.settings import settings

    bank = CaseBank(settings().need_folder("casebank"))
    faults = bank.faults()
    for fault in faults:
        typer.echo(str(fault))
    if faults:
        typer.echo(f"{len(faults)} fault{'s' if len(faults) > 1 else ''}.", err=True)
        raise typer.Exit(1)
    count = len(bank.case_ids)
    typer.echo(f"No faults in {count} case{'s' if count != 1 else ''}.")


@app.command()
@_fails_clearly
def schema(
    what: Annotated[
        str, typer.Argument(help="case, questions, deal, sources or glossary.")
    ] = "case",
) -> None:
    """Print a JSON Schema, for completion and checks in an editor."""
    from phbkit.casebank import models
    from phbkit.errors import UnknownNameError

    shapes: dict[str, type[BaseModel]] = {
        "case": models.CaseFile,
        "questions": models.QuestionFile,
        "deal": models.DealFile,
        "sources": models.SourceFile,
        "glossary": models.GlossaryFile,
    }
    if what not in shapes:
        raise UnknownNameError.among("file", what, list(shapes))
    typer.echo(json.dumps(shapes[what].model_json_schema(), indent=2))


@app.command()
@_fails_clearly
def result(notebook: Annotated[Path, typer.Argument(help="An executed notebook.")]) -> None:
    """Print the machine-readable result in an executed notebook as JSON."""
    from phbkit.bulk import read_result

    typer.echo(json.dumps(read_result(notebook), indent=2))


@app.command()
@_fails_clearly
def run(
    notebook: Annotated[Path, typer.Argument(help="A workbook.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The executed notebook to write.")],
    answers: Annotated[
        Path | None, typer.Option("--answers", "-a", help="A JSON file of answers.")
    ] = None,
) -> None:
    """Run a workbook without anybody at it; nothing is written when the answers are not right."""
    from phbkit.bulk import run_notebook

    run_notebook(notebook, out, answers)
    typer.echo(str(out))


def entry() -> None:
    """Run the command line."""
    sys.exit(app())
