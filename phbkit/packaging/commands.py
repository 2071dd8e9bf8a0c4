"""`phb package`: modules as one zip that needs no server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from phbkit.casebank import CaseBank
from phbkit.errors import SettingsError, UnknownNameError
from phbkit.files import need_absent, write_whole
from phbkit.settings import settings


def add_commands(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(package)


def package(
    out: Annotated[Path, typer.Option("--out", "-o", help="The zip to write.")],
    cases: Annotated[list[str] | None, typer.Argument(help="Cases, such as know-the-deal.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every case that can do without a server.")
    ] = False,
    runtime: Annotated[
        Path, typer.Option(help="The folder with the two downloads; docs/packaging.md says which.")
    ] = Path("runtime"),
) -> None:
    """Make one zip of modules that runs on the learner's own device."""
    from phbkit.packaging.package import package
    from phbkit.packaging.runtime import packed, read_runtime
    from phbkit.serving.catalogue import cases_in

    need_absent(out)
    chosen = settings()
    bank = CaseBank(chosen.need_folder("casebank"), drafts=chosen.drafts)
    for name in cases or ():
        bank.load(name)
    found = cases_in(chosen.need_folder("workbooks"), bank)
    wanted = {n: c for n, c in found.items() if c.id in (cases or ()) or (every and c.area is None)}
    unplayed = set(cases or ()) - {case.id for case in wanted.values()}
    if unplayed:
        raise UnknownNameError.among(
            "workbook of a case", min(unplayed), [c.id for c in found.values()]
        )
    if not wanted:
        raise SettingsError("Name a case to package, or give --all.")
    files = package(wanted, chosen.workbooks, read_runtime(runtime))
    write_whole(out, packed(files))
    size = out.stat().st_size / 1e6
    typer.echo(f"{out}: {', '.join(case.id for case in wanted.values())}, {size:.1f} MB.")
