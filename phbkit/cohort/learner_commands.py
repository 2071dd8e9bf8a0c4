"""`phb invite`, `learners`, `revoke`, `export`, `erase`, `audit`: who has a place here, and had."""

from __future__ import annotations

import datetime as dt
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phbkit.casebank import CaseBank
from phbkit.errors import SettingsError
from phbkit.files import need_absent, write_whole
from phbkit.settings import settings

if TYPE_CHECKING:
    from phbkit.cohort.register import Register

_DAYS = 180
_PRIVATE = ("https://", "http://127.0.0.1", "http://localhost")

commands = typer.Typer()
_day = partial(typer.Option, formats=["%Y-%m-%d"], metavar="DAY")
LearnerId = Annotated[str, typer.Argument(help="The learner's id.")]
Day = Annotated[dt.datetime | None, _day()]


def _register() -> Register:
    from phbkit.cohort.register import open_register

    return open_register(settings().database_url)


@commands.command()
def invite(
    people: Annotated[
        Path, typer.Argument(help="CSV: learner,name and, where wanted, cohort,role.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The CSV with the links to write.")],
    until: Annotated[
        dt.datetime | None,
        _day(help=f"The last day, like 2027-03-31; {_DAYS} days from now if left out."),
    ] = None,
    url: Annotated[
        str, typer.Option(help="Where learners reach this server; PHB_PUBLIC_URL if left out.")
    ] = "",
    again: Annotated[
        bool, typer.Option("--again", help="End earlier links and write new ones.")
    ] = False,
) -> None:
    """Invite a cohort: write everybody's personal link. Who has one that works keeps it."""
    from phbkit.cohort.invitations import read_people, write_links
    from phbkit.cohort.links import Links, link_key

    chosen = settings()
    base = (url or chosen.public_url).rstrip("/")
    if not base.startswith(_PRIVATE):
        raise SettingsError(
            "--url: say where learners reach this server, like https://phb.example.nhs.uk, or set "
            "PHB_PUBLIC_URL. A link is a key, so it must not cross a network over plain http."
        )
    need_absent(out)
    table = read_people(people)
    now = dt.datetime.now(tz=dt.UTC).astimezone()
    last = (until or now + dt.timedelta(days=_DAYS)).date()
    end = dt.datetime.combine(last, dt.time(23, 59, 59)).astimezone()
    if end <= now:
        raise SettingsError(f"--until: {last} is over. Give a day to come.")
    links = Links(link_key(chosen))
    made = _register().invite(table.learners, end, again=again)
    written = ["" if each.revoked else f"{base}/enter/{links.token(each.id)}" for each in made]
    write_links(out, table, written, last.isoformat())
    left = [each.learner_id for each in made if each.revoked]
    typer.echo(f"{len(made) - len(left)} invited until {last}. Their links are in {out}.")
    if left:
        typer.echo(f"Withdrawn, and not invited again: {', '.join(left)}. To let somebody back in,")
        typer.echo("invite them with --again, which gives everybody in the table a new link.")
    typer.echo("Each link is a key: send everybody their own, and delete the file.")
    if chosen.sign_in in {"header", "hub"}:
        typer.echo(f"With PHB_SIGN_IN={chosen.sign_in} nobody needs a link; names and roles hold.")
    elif chosen.sign_in != "links":
        typer.echo("Serve with PHB_SIGN_IN=links; now this server would not ask for them.")


@commands.command()
def learners(
    cohort: Annotated[str | None, typer.Option(help="Of this cohort only.")] = None,
) -> None:
    """List the learners: their link's last day, modules begun and finished, last saved."""
    chosen = settings()
    kept = _register()
    bank = CaseBank(chosen.need_folder("casebank"), drafts=chosen.drafts)
    everybody = kept.all(cohort)
    links = kept.invitations()
    progress = kept.progress(who.id for who in everybody)
    steps = {case: len(bank.load(case).steps) for case in bank.case_ids}
    rows = [("Learner", "Name", "Cohort", "Role", "Link until", "Begun", "Done", "Saved")]
    for who in everybody:
        mine = [each for each in progress if each.learner_id == who.id]
        finished = sum(each.steps >= steps.get(each.case_id, 99) for each in mine)
        saved = max((each.saved for each in mine if each.saved), default=None)
        link = links.get(who.id)
        until = "" if link is None else "withdrawn" if link.revoked else f"{link.until:%Y-%m-%d}"
        last = f"{saved.astimezone():%Y-%m-%d}" if saved else ""
        counts = str(len(mine)), str(finished)
        rows.append((who.id, who.name, who.cohort, who.role, until, *counts, last))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(map(str.ljust, row, widths)).rstrip())
    typer.echo(f"{len(everybody)} learner{'' if len(everybody) == 1 else 's'}.")


@commands.command()
def revoke(learner: LearnerId) -> None:
    """Withdraw a learner's links: they are signed out within two seconds. Answers are kept."""
    ended = _register().revoke(learner)
    typer.echo(f"{ended} link{'' if ended == 1 else 's'} of {learner} withdrawn.")


@commands.command()
def export(
    learner: LearnerId,
    out: Annotated[Path, typer.Option("--out", "-o", help="The JSON file to write.")],
) -> None:
    """Write everything that is kept of a learner as JSON, for them to have."""
    from phbkit.records.audit import note

    need_absent(out)
    register = _register()
    kept = register.export(learner)
    write_whole(out, json.dumps(kept, indent=2, ensure_ascii=False).encode())
    note(register.database, "exported", learner)
    typer.echo(f"Attempts of {learner} in {out}: {len(kept['attempts'])}.")


@commands.command()
def erase(
    learner: LearnerId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete everything that is kept of a learner. It cannot be undone."""
    kept = _register()
    attempts = len(kept.export(learner)["attempts"])
    if not yes:
        asked = f"Delete {learner}, their links and {attempts} attempts, for good?"
        typer.confirm(asked, abort=True)
    trace = kept.erase(learner)
    typer.echo(
        f"Erased: {trace.attempts} attempts, {trace.answers} answers. Trace {trace.id} is kept, "
        "which does not say whose they were."
    )
    typer.echo("Backups, runs (phb run), exports and case reviews are yours to look through.")


@commands.command()
def audit(since: Day = None, until: Day = None) -> None:
    """Print as CSV who signed in and out, and what was done with records, first and last day in.

    No answers are in it, and no name of whoever was erased.
    """
    from phbkit.cohort.csv_files import rows_to
    from phbkit.cohort.history import log

    first = since or dt.datetime(1970, 1, 2)  # noqa: DTZ001  a day of this machine's calendar
    last = (until or dt.datetime(9998, 1, 1)) + dt.timedelta(days=1)  # noqa: DTZ001
    write = rows_to(sys.stdout, ["at", "act", "learner"])
    for at, act, learner in log(_register().database, first.astimezone(), last.astimezone()):
        write([at.isoformat(timespec="seconds"), act, learner])
