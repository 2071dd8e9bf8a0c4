"""Learners in a database: who they are, and where they signed in."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from phbkit.records.database import Database
from phbkit.records.schema import invitation, learner, sign_in

LEARNER, TRAINER = "learner", "trainer"
MOST_BROWSERS = 10  # that one link keeps signed in
_SECRET_BYTES = 32


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

    def invited(self, invitation_id: str) -> Learner | None:
        """Name whom an invitation is for; None when it does not hold (any more)."""
        return self.database.first(Learner, self._holding().where(invitation.c.id == invitation_id))

    def welcome_now(self) -> set[str]:
        """Return the ids of the learners who have an invitation that holds."""
        return {row.id for row in self.database.rows(self._holding())}

    def sign_in(self, invitation_id: str) -> str | None:
        """Return a secret for a browser, whose SHA-256 alone is kept; None when it may not.

        The latest `MOST_BROWSERS` of one invitation stay signed in.
        """
        if self.invited(invitation_id) is None:
            return None
        secret, moment = secrets.token_urlsafe(_SECRET_BYTES), self.database.clock()
        new = insert(sign_in).values(secret=_digest(secret), invitation_id=invitation_id, at=moment)
        signed_in = select(sign_in.c.secret).where(
            sign_in.c.invitation_id == invitation_id, sign_in.c.ended.is_(None)
        )
        beyond = signed_in.order_by(sign_in.c.at.desc()).offset(MOST_BROWSERS)
        with self.database.writing() as connection:
            connection.execute(new)
            ended = update(sign_in).where(sign_in.c.secret.in_(beyond))
            connection.execute(ended.values(ended=moment))
        return secret

    def who(self, secret: str) -> Learner | None:
        """Name the learner of a browser's secret; None when it does not hold (any more)."""
        query = (
            self._holding()
            .join(sign_in, sign_in.c.invitation_id == invitation.c.id)
            .where(sign_in.c.secret == _digest(secret), sign_in.c.ended.is_(None))
        )
        return self.database.first(Learner, query)

    def sign_out(self, secret: str) -> None:
        """End what one browser was given."""
        here = update(sign_in).where(sign_in.c.secret == _digest(secret), sign_in.c.ended.is_(None))
        with self.database.writing() as connection:
            connection.execute(here.values(ended=self.database.clock()))

    def _holding(self) -> Select[tuple[str, str, str, str]]:
        """Select the learners whose invitation holds now."""
        place = invitation.c.learner_id == learner.c.id
        return LEARNERS.join(invitation, place).where(*holds(self.database.clock()))


LEARNERS = select(learner.c.id, learner.c.name, learner.c.cohort, learner.c.role)


def holds(moment: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    """Say of an invitation that it holds at a moment."""
    return invitation.c.revoked.is_(None), invitation.c.until > moment


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
