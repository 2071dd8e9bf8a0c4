"""The case review: a team, and the person, decide together on devices of their own.

A wing: it registers the commands and the pages of meetings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer


def add_commands(app: typer.Typer) -> None:
    """Add the commands of case reviews to `phb`."""
    from phbkit.meeting.commands import reviews

    app.add_typer(reviews, name="review")
