"""`phb package`, `phb xapi`: modules that need no server, and statements for a record store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from phbkit.casebank import CaseBank
from phbkit.errors import SettingsError, UnknownNameError
from phbkit.files import need_absent, part_of, write_whole
from phbkit.settings import settings


def add_commands(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (package, xapi):
        app.command()(command)


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


def xapi(
    source: Annotated[
        str, typer.Argument(help="A database address, or a cohort: CSV, JSON lines, a folder.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write, a line each.")],
    to: Annotated[str, typer.Option(help="A record store to send them to, by https.")] = "",
    home: Annotated[
        str, typer.Option(help="Where learners' ids are from; PHB_PUBLIC_URL if left out.")
    ] = "",
) -> None:
    """Write what learners answered as xAPI statements, and send them where an address is given."""
    from phbkit.cohort.reading import read_cohort
    from phbkit.packaging.record_store import send
    from phbkit.packaging.statements import statements

    chosen = settings()
    bank = CaseBank(chosen.need_folder("casebank"), drafts=chosen.drafts)
    cases = {case: bank.load(case) for case in bank.case_ids}
    where = home or chosen.public_url or "urn:phbkit"
    if not out.exists():
        with part_of(out) as part, Path(part).open("w", encoding="utf-8") as file:
            for attempt in read_cohort(source, cases.values()):
                actor = {"account": {"homePage": where, "name": attempt.learner}}
                told = statements(cases[attempt.case], attempt.answers, actor)
                file.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in told)
        typer.echo(f"The statements are in {out}.")
    elif not to:
        need_absent(out)
    if to:
        sent = send(out, to, chosen.xapi_key)
        typer.echo(f"{sent.now} taken now, {sent.before} before, {len(sent.refused)} refused.")
        for reason in sent.refused[:20]:
            typer.echo(reason, err=True)
        if sent.refused:
            raise typer.Exit(1)
