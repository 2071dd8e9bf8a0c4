"""The meeting: a team, and the person, decide together on devices of their own.

A wing: it registers the commands and the pages of meetings. Nothing of it is imported before it is
asked for.
"""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer
    from jupyter_server.base.handlers import JupyterHandler

    from phbkit.casebank import CaseBank
    from phbkit.serving.owners import Owner
    from phbkit.settings import Settings


def preload() -> tuple[str, ...]:
    """Name the modules that every kernel's template imports."""
    return ("phbkit.meeting.room", "phbkit.meeting.sessions")


def add_checks() -> None:
    """Add a check of cases: nothing in them may look like that of a real person."""
    import_module("phbkit.meeting.case_checks")


def add_tables() -> None:
    """Add the tables of meetings to those of the records."""
    import_module("phbkit.meeting.schema")


def add_commands(app: typer.Typer) -> None:
    """Add the commands `phb review …`."""
    from phbkit.meeting.commands import reviews

    app.add_typer(reviews, name="review")


def page_templates() -> Path:
    """Return the folder of its pages' templates."""
    return Path(__file__).parent / "templates"


def handlers(*, alone: bool = False) -> list[tuple[str, type]]:
    """List the addresses of meetings; `alone` where a server has no other pages."""
    from phbkit.meeting.joining import HANDLERS, ToLobbyHandler

    return [*([(r"/", ToLobbyHandler)] if alone else []), *HANDLERS]


def server_settings(using: Settings, bank: CaseBank) -> dict[str, Any]:
    """Make what the handlers find in the server's settings."""
    from phbkit.meeting.joining import MeetingLobby
    from phbkit.meeting.sessions import open_sessions

    sessions = open_sessions(using.database_url)
    return {"lobby": MeetingLobby(sessions, bank, live=using.live_reviews)}


def erase_old(using: Settings, before: dt.datetime) -> None:
    """Erase the meetings in which nothing was done since a moment."""
    from phbkit.meeting.sessions import open_sessions

    open_sessions(using.database_url).erase_old(before)


def owner_of(handler: JupyterHandler) -> Owner | None:
    """Say which seat of a meeting a browser holds, if it holds one."""
    from phbkit.meeting.joining import held_seat
    from phbkit.serving.owners import Owner

    held = held_seat(handler)
    return Owner("seat", held[1]) if held else None
