"""`phb review`: meetings in which a team and the person decide together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from phbkit.casebank import CaseBank
from phbkit.settings import settings

reviews = typer.Typer(
    help="Case reviews: a team and the person decide together.", no_args_is_help=True
)


@reviews.command("serve")
def review_serve(
    host: Annotated[
        str, typer.Option(help="The address of this machine that the room can reach.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8868,
) -> None:
    """Serve case reviews, and no modules, to the devices in the room."""
    from phbkit.records.database import without_password
    from phbkit.serving.app import make_server

    chosen = settings()
    server = make_server(chosen, host=host, port=port, only_reviews=True)
    typer.echo(f"Open or join a case review at http://{host}:{port}/review  (stop with Ctrl-C)")
    typer.echo(f"Meetings are kept in {without_password(chosen.database_url)}")
    server.start()


@reviews.command("list")
def review_list() -> None:
    """List the meetings that were opened, the newest first."""
    from phbkit.meeting.sessions import open_sessions

    for each in open_sessions(settings().database_url).listed():
        state = "ended" if each.closed else f"open, code {each.code}"
        row = (f"{each.opened:%Y-%m-%d %H:%M}", each.id, each.case_id, each.mode, state)
        typer.echo("  ".join(row))


@reviews.command("record")
def review_record(
    session: Annotated[str, typer.Argument(help="The id of a meeting; phb review list has them.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write to.")],
) -> None:
    """Write the documents of a meeting: Word, PDF, plain copy, calendar and JSON."""
    from phbkit.meeting import documents
    from phbkit.meeting.sessions import open_sessions

    chosen = settings()
    sessions = open_sessions(chosen.database_url)
    kept = sessions.get(session)
    case = documents.case_of(kept, CaseBank(chosen.need_folder("casebank")))
    held = documents.HeldMeeting(kept, case, sessions.acts(session))
    files = {name: documents.make(name, held) for name in documents.NAMES}
    out.mkdir(parents=True, exist_ok=True)
    for name, file in files.items():
        if file:
            place = out / documents.file_name(name, kept)
            place.write_bytes(file[1])
            typer.echo(str(place))
