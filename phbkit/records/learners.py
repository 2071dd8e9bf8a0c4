"""Learners in a database: who is known here, whoever it was that signed them in."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from phbkit.records.database import Database
from phbkit.records.schema import learner

LEARNER, TRAINER = "learner", "trainer"
LEARNERS = select(learner.c.id, learner.c.name, learner.c.cohort, learner.c.role)


@dataclass(frozen=True)
class Learner:
    """Somebody who has a place here. A trainer is one who also sees how far a cohort has come."""

    id: str
    name: str
    cohort: str = ""
    role: str = LEARNER


class Learners:
    """The learners kept in one database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def welcome(self, who: Learner) -> Learner:
        """Return a learner whom somebody else vouches for, known from now on."""
        known = self.database.first(Learner, LEARNERS.where(learner.c.id == who.id))
        if known is None:
            row = {**asdict(who), "added": self.database.clock()}
            with suppress(IntegrityError), self.database.writing() as connection:
                connection.execute(insert(learner).values(row))  # unless another was first
        return known or who

    def holding(self, sign_ins: Collection[str]) -> set[str]:
        """Return those sign-ins that hold still: of a learner whom others vouch for, the id."""
        return {row.id for row in self.database.rows(LEARNERS.where(learner.c.id.in_(sign_ins)))}
