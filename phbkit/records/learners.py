"""Learners in a database: who they are, the links they were given, and where they signed in."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from phbkit.errors import UnknownNameError
from phbkit.records.database import Database, alone
from phbkit.records.journal import STEP_CLOSED
from phbkit.records.schema import answer, attempt, draft, erasure, invitation, learner, sign_in

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


@dataclass(frozen=True)
class Invitation:
    """A place for one learner, until a moment; whoever holds its link can take it."""

    id: str
    learner_id: str
    made: dt.datetime
    until: dt.datetime
    revoked: dt.datetime | None


@dataclass(frozen=True)
class Erasure:
    """The trace that something was erased. It does not say whose it was."""

    id: str
    at: dt.datetime
    attempts: int
    answers: int


@dataclass(frozen=True)
class Progress:
    """How far one learner has come in one case."""

    learner_id: str
    case_id: str
    steps: int
    saved: dt.datetime | None


class Learners:
    """The learners kept in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def invite(
        self, people: Sequence[Learner], until: dt.datetime, *, again: bool = False
    ) -> list[Invitation]:
        """Give everybody an invitation, all or none; who has one that holds keeps it.

        A learner who is known gets the name, cohort and role given now. With `again`, earlier
        invitations end and everybody gets a new one.
        """
        with self._database.writing() as connection:
            alone(connection, "learners")
            return [self._invite(connection, each, until, again=again) for each in people]

    def _invite(
        self, connection: Connection, who: Learner, until: dt.datetime, *, again: bool
    ) -> Invitation:
        moment = self._database.clock()
        self._know(connection, who)
        mine = invitation.c.learner_id == who.id
        if again:
            self._end(connection, who.id, moment)
        holds = (invitation.c.revoked.is_(None), invitation.c.until > moment)
        query = select(invitation).where(mine, *holds).order_by(invitation.c.made.desc()).limit(1)
        found = connection.execute(query).one_or_none()
        if found:
            change = update(invitation).where(invitation.c.id == found.id).values(until=until)
            connection.execute(change)
            return Invitation(found.id, who.id, found.made, until, None)
        made = Invitation(str(uuid.uuid4()), who.id, moment, until, None)
        connection.execute(insert(invitation).values(**asdict(made)))
        return made

    def _know(self, connection: Connection, who: Learner) -> None:
        told = {"name": who.name, "cohort": who.cohort, "role": who.role}
        known = connection.execute(update(learner).where(learner.c.id == who.id).values(**told))
        if not known.rowcount:
            row = {"id": who.id, **told, "added": self._database.clock()}
            connection.execute(insert(learner).values(**row))

    def welcome(self, who: Learner) -> Learner:
        """Return a learner whom somebody else vouches for, known from now on."""
        with self._database.reading() as connection:
            found = _learner(connection, who.id)
        if found:
            return found
        with self._database.writing() as connection:
            alone(connection, "learners")
            found = _learner(connection, who.id)
            if found is None:
                self._know(connection, who)
            return found or who

    def invited(self, invitation_id: str) -> Learner | None:
        """Name whom an invitation is for; None when it does not hold (any more)."""
        query = self._holding().where(invitation.c.id == invitation_id)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return _learner_of(row)

    def welcome_now(self) -> set[str]:
        """Return the ids of the learners who have an invitation that holds."""
        with self._database.reading() as connection:
            return {row.id for row in connection.execute(self._holding())}

    def sign_in(self, invitation_id: str) -> str | None:
        """Return a secret for a browser, whose SHA-256 alone is kept; None when it may not.

        The latest `MOST_BROWSERS` of one invitation stay signed in.
        """
        if self.invited(invitation_id) is None:
            return None
        secret, moment = secrets.token_urlsafe(_SECRET_BYTES), self._database.clock()
        row = {"secret": _digest(secret), "invitation_id": invitation_id, "at": moment}
        mine = (sign_in.c.invitation_id == invitation_id, sign_in.c.ended.is_(None))
        query = select(sign_in.c.secret).where(*mine).order_by(sign_in.c.at.desc())
        with self._database.writing() as connection:
            connection.execute(insert(sign_in).values(**row))
            beyond = connection.execute(query.offset(MOST_BROWSERS)).scalars().all()
            ended = update(sign_in).where(sign_in.c.secret.in_(beyond)).values(ended=moment)
            connection.execute(ended)
        return secret

    def who(self, secret: str) -> Learner | None:
        """Name the learner of a browser's secret; None when it does not hold (any more)."""
        query = (
            self._holding()
            .join(sign_in, sign_in.c.invitation_id == invitation.c.id)
            .where(sign_in.c.secret == _digest(secret), sign_in.c.ended.is_(None))
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return _learner_of(row)

    def sign_out(self, secret: str) -> None:
        """End what one browser was given."""
        place = (sign_in.c.secret == _digest(secret), sign_in.c.ended.is_(None))
        with self._database.writing() as connection:
            connection.execute(update(sign_in).where(*place).values(ended=self._database.clock()))

    def revoke(self, learner_id: str) -> int:
        """End every invitation of a learner, and so every sign-in; return how many ended.

        Raises
        ------
        UnknownNameError
            Nobody is called so.
        """
        with self._database.writing() as connection:
            self._require(connection, learner_id)
            return self._end(connection, learner_id, self._database.clock())

    def _end(self, connection: Connection, learner_id: str, moment: dt.datetime) -> int:
        place = (invitation.c.learner_id == learner_id, invitation.c.revoked.is_(None))
        return connection.execute(update(invitation).where(*place).values(revoked=moment)).rowcount

    def all(self, cohort: str | None = None) -> list[Learner]:
        """List learners in order of their names, of one cohort or of all."""
        query = _LEARNERS.order_by(learner.c.name, learner.c.id)
        if cohort is not None:
            query = query.where(learner.c.cohort == cohort)
        with self._database.reading() as connection:
            return [Learner(*row) for row in connection.execute(query)]

    def invitations(self) -> dict[str, Invitation]:
        """Return the latest invitation of each learner, by the learner's id."""
        query = select(invitation).order_by(invitation.c.made)
        with self._database.reading() as connection:
            return {row.learner_id: Invitation(*row) for row in connection.execute(query)}

    def progress(self, learner_ids: Iterable[str]) -> list[Progress]:
        """Say how many steps of each case these learners have closed in their latest attempt."""
        closed = answer.c.question == STEP_CLOSED
        query = (
            select(
                attempt.c.learner,
                attempt.c.case_id,
                func.count(func.distinct(answer.c.step)),
                func.max(answer.c.saved).label("saved"),
                attempt.c.started,
            )
            .outerjoin(answer, (answer.c.attempt_id == attempt.c.id) & closed)
            .where(attempt.c.learner.in_(list(learner_ids)))
            .group_by(attempt.c.id, attempt.c.learner, attempt.c.case_id, attempt.c.started)
            .order_by(attempt.c.started)
        )
        with self._database.reading() as connection:
            found = {(row[0], row[1]): Progress(*row[:4]) for row in connection.execute(query)}
        return list(found.values())

    def export(self, learner_id: str) -> dict[str, Any]:
        """Return everything that is kept of a learner, as data; moments are ISO 8601 texts.

        Raises
        ------
        UnknownNameError
            Nothing is kept of anybody called so.
        """
        with self._database.reading() as connection:
            self._require(connection, learner_id)
            who = _learner(connection, learner_id)
            links = select(invitation).where(invitation.c.learner_id == learner_id)
            ins = (
                select(sign_in.c.at, sign_in.c.ended)
                .join(invitation)
                .where(invitation.c.learner_id == learner_id)
            )
            mine = select(attempt).where(attempt.c.learner == learner_id)
            return {
                "learner": asdict(who) if who else {"id": learner_id},
                "links": _rows(connection, links.order_by(invitation.c.made), leave="id"),
                "signed_in": _rows(connection, ins.order_by(sign_in.c.at)),
                "attempts": [
                    {
                        **each,
                        "answers": _rows(
                            connection,
                            select(answer)
                            .where(answer.c.attempt_id == each["id"])
                            .order_by(answer.c.seq),
                        ),
                        "drafts": _rows(
                            connection, select(draft).where(draft.c.attempt_id == each["id"])
                        ),
                    }
                    for each in _rows(connection, mine.order_by(attempt.c.started))
                ],
            }

    def erase(self, learner_id: str) -> Erasure:
        """Delete everything that is kept of a learner, in one transaction; leave a trace of it.

        Raises
        ------
        UnknownNameError
            Nothing is kept of anybody called so.
        """
        mine = select(attempt.c.id).where(attempt.c.learner == learner_id)
        links = select(invitation.c.id).where(invitation.c.learner_id == learner_id)
        with self._database.writing() as connection:
            self._require(connection, learner_id)
            connection.execute(mine.with_for_update())
            connection.execute(delete(draft).where(draft.c.attempt_id.in_(mine)))
            answers = connection.execute(delete(answer).where(answer.c.attempt_id.in_(mine)))
            attempts = connection.execute(delete(attempt).where(attempt.c.learner == learner_id))
            connection.execute(delete(sign_in).where(sign_in.c.invitation_id.in_(links)))
            connection.execute(delete(invitation).where(invitation.c.learner_id == learner_id))
            connection.execute(delete(learner).where(learner.c.id == learner_id))
            trace = Erasure(
                str(uuid.uuid4()), self._database.clock(), attempts.rowcount, answers.rowcount
            )
            connection.execute(insert(erasure).values(**asdict(trace)))
        return trace

    def erasures(self) -> list[Erasure]:
        """List what was erased, the oldest first."""
        with self._database.reading() as connection:
            query = select(erasure).order_by(erasure.c.at)
            return [Erasure(*row) for row in connection.execute(query)]

    def _holding(self) -> Select[tuple[str, str, str, str]]:
        """Select the learners whose invitation holds now."""
        return _LEARNERS.join(invitation, invitation.c.learner_id == learner.c.id).where(
            invitation.c.revoked.is_(None), invitation.c.until > self._database.clock()
        )

    def _require(self, connection: Connection, learner_id: str) -> None:
        played = select(attempt.c.id).where(attempt.c.learner == learner_id).limit(1)
        if _learner(connection, learner_id) or connection.execute(played).first():
            return
        known = connection.execute(select(learner.c.id)).scalars().all()
        if len(known) > 20:
            raise UnknownNameError(f"no learner is called {learner_id!r}. phb learners lists all.")
        raise UnknownNameError.among("learner", learner_id, known)


_LEARNERS = select(learner.c.id, learner.c.name, learner.c.cohort, learner.c.role)


def _learner(connection: Connection, learner_id: str) -> Learner | None:
    row = connection.execute(_LEARNERS.where(learner.c.id == learner_id)).one_or_none()
    return _learner_of(row)


def _learner_of(row: Any) -> Learner | None:
    return Learner(**row._mapping) if row else None  # noqa: SLF001  public, whatever its name


def _rows(connection: Connection, query: Any, *, leave: str = "") -> list[dict[str, Any]]:
    return [
        {name: _plain(value) for name, value in row.items() if name != leave}
        for row in connection.execute(query).mappings()
    ]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
