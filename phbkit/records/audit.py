"""Notes of what was done with the records, beside what their own tables tell of it."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import insert

from phbkit.records.database import Database
from phbkit.records.schema import audit

Act = Literal["exported", "backed up", "restored"]


def note(database: Database, act: Act, learner: str = "") -> None:
    """Note that something was done now, and to whose records."""
    with database.writing() as connection:
        row = {"at": database.clock(), "act": act, "learner": learner}
        connection.execute(insert(audit).values(row))
