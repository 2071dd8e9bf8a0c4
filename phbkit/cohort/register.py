"""The register of learners: who is invited, signed in and how far, and what is kept of somebody."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select, update

from phbkit.cohort.history import keep_nameless, quiet_since
from phbkit.cohort.schema import erasure, invitation, sign_in
from phbkit.errors import UnknownNameError
from phbkit.records.attempts import Attempt, SqlJournal
from phbkit.records.database import Database, alone, open_database
from phbkit.records.journal import STEP_CLOSED, answers_in
from phbkit.records.learners import LEARNERS, Learner, Learners
from phbkit.records.schema import answer, attempt, audit, draft, learner

MOST_BROWSERS = 10  # that one link keeps signed in
_SIGNED_IN = sign_in.c.ended.is_(None)


def open_register(address: str) -> Register:
    """Open the learners at a SQLAlchemy address, bringing its tables up to date."""
    return Register(open_database(address))


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
class CaseProgress:
    """How far one learner has come in one case."""

    learner_id: str
    case_id: str
    steps: int
    saved: dt.datetime | None


def chosen_answers(
    database: Database, case_ids: Collection[str], which: Literal["first", "latest"]
) -> Iterator[tuple[Attempt, dict[str, Any]]]:
    """List what was answered in one attempt of each learner at a case, every try.

    It is the first or the latest in which anything was answered. Learners come in order of their
    names, and cases in order of theirs.
    """
    began = attempt.c.started if which == "latest" else attempt.c.started.desc()
    answered = attempt.c.id.in_(select(answer.c.attempt_id))
    query = select(attempt).where(attempt.c.case_id.in_(case_ids))
    query = query.order_by(attempt.c.learner, attempt.c.case_id, answered, began)
    chosen = {(row.learner, row.case_id): row for row in database.rows(query)}
    for row in chosen.values():
        yield Attempt(*row), answers_in(SqlJournal(database, row.id).events())


class Register(Learners):
    """The learners kept in one database, by whoever gives them a place and takes it away."""

    def invite(
        self, people: Sequence[Learner], until: dt.datetime, *, again: bool = False
    ) -> list[Invitation]:
        """Give everybody an invitation, all or none; who has one that holds keeps it.

        Whose latest one was withdrawn gets that one, withdrawn, unless it is `again`.

        A learner who is known gets the name, cohort and role given now. With `again`, earlier
        invitations end and everybody gets a new one.
        """
        with self.database.writing() as connection:
            alone(connection, "learners")
            return [self._invite(connection, who, until, again=again) for who in people]

    def _invite(
        self, connection: Connection, who: Learner, until: dt.datetime, *, again: bool
    ) -> Invitation:
        moment, this = self.database.clock(), invitation.c.learner_id == who.id
        known = update(learner).where(learner.c.id == who.id).values(asdict(who))
        if not connection.execute(known).rowcount:
            connection.execute(insert(learner).values(**asdict(who), added=moment))
        if again:
            _end(connection, who.id, moment)
        all_of_them = select(invitation).where(this).order_by(invitation.c.made.desc())
        row = connection.execute(all_of_them.where(*_holds(moment))).first()
        latest = row or connection.execute(all_of_them).first()
        if latest and latest.revoked and not again:
            return Invitation(*latest)
        if row is None:
            new = Invitation(str(uuid.uuid4()), who.id, moment, until, None)
            connection.execute(insert(invitation).values(asdict(new)))
            return new
        this_one = invitation.c.id == row.id
        connection.execute(update(invitation).where(this_one).values(until=until))
        return replace(Invitation(*row), until=until)

    def revoke(self, learner_id: str) -> int:
        """End every invitation of a learner, and so every sign-in; return how many ended.

        Raises
        ------
        UnknownNameError
            Nobody is called so.
        """
        with self.database.writing() as connection:
            _require(connection, learner_id)
            return _end(connection, learner_id, self.database.clock())

    def invited(self, invitation_id: str) -> Learner | None:
        """Name whom an invitation is for; None when it does not hold (any more)."""
        return self.database.first(Learner, self._holding().where(invitation.c.id == invitation_id))

    def sign_in(self, invitation_id: str) -> str | None:
        """Return a secret for a browser, whose SHA-256 alone is kept; None when it may not.

        The latest `MOST_BROWSERS` of one invitation stay signed in.
        """
        if self.invited(invitation_id) is None:
            return None
        secret, moment = secrets.token_urlsafe(32), self.database.clock()
        new = {"secret": sign_in_id(secret), "invitation_id": invitation_id, "at": moment}
        mine = select(sign_in.c.secret).where(_SIGNED_IN, sign_in.c.invitation_id == invitation_id)
        beyond = mine.order_by(sign_in.c.at.desc()).offset(MOST_BROWSERS)
        with self.database.writing() as connection:
            connection.execute(insert(sign_in).values(new))
            ended = update(sign_in).where(sign_in.c.secret.in_(beyond))
            connection.execute(ended.values(ended=moment))
        return secret

    def who(self, secret: str) -> Learner | None:
        """Name the learner of a browser's secret; None when it does not hold (any more)."""
        here = self._signed_in().where(sign_in.c.secret == sign_in_id(secret))
        return self.database.first(Learner, here)

    def holding(self, sign_ins: Collection[str]) -> set[str]:
        """Return those sign-ins of browsers, by their ids, that hold still."""
        here = self._signed_in().where(sign_in.c.secret.in_(sign_ins))
        here = here.with_only_columns(sign_in.c.secret)
        return {row.secret for row in self.database.rows(here)}

    def sign_out(self, secret: str) -> None:
        """End what one browser was given."""
        here = update(sign_in).where(_SIGNED_IN, sign_in.c.secret == sign_in_id(secret))
        with self.database.writing() as connection:
            connection.execute(here.values(ended=self.database.clock()))

    def _holding(self) -> Select[tuple[str, str, str, str]]:
        """Select the learners whose invitation holds now."""
        place = invitation.c.learner_id == learner.c.id
        return LEARNERS.join(invitation, place).where(*_holds(self.database.clock()))

    def _signed_in(self) -> Select[tuple[str, str, str, str]]:
        """Select the learners of browsers whose sign-in holds now."""
        browsers = self._holding().join(sign_in, sign_in.c.invitation_id == invitation.c.id)
        return browsers.where(_SIGNED_IN)

    def all(self, cohort: str | None = None) -> list[Learner]:
        """List learners in order of their names, of one cohort or of all."""
        query = LEARNERS.order_by(learner.c.name, learner.c.id)
        if cohort is not None:
            query = query.where(learner.c.cohort == cohort)
        return [Learner(*row) for row in self.database.rows(query)]

    def invitations(self) -> dict[str, Invitation]:
        """Return the latest invitation of each learner, by the learner's id."""
        query = select(invitation).order_by(invitation.c.made)
        return {row.learner_id: Invitation(*row) for row in self.database.rows(query)}

    def progress(self, learner_ids: Iterable[str]) -> list[CaseProgress]:
        """Say how many steps of each case these learners have closed in their latest attempt."""
        closed = answer.c.question == STEP_CLOSED
        steps, saved = func.count(func.distinct(answer.c.step)), func.max(answer.c.saved)
        query = select(attempt.c.learner, attempt.c.case_id, steps, saved.label("saved"))
        query = query.outerjoin(answer, (answer.c.attempt_id == attempt.c.id) & closed)
        query = query.where(attempt.c.learner.in_(list(learner_ids)))
        query = query.group_by(attempt.c.id).order_by(attempt.c.started)
        latest = {(row.learner, row.case_id): row for row in self.database.rows(query)}
        return [CaseProgress(*row) for row in latest.values()]

    def export(self, learner_id: str) -> dict[str, Any]:
        """Return everything that is kept of a learner, as data; moments are ISO 8601 texts.

        Raises
        ------
        UnknownNameError
            Nothing is kept of anybody called so.
        """
        mine = invitation.c.learner_id == learner_id
        given = [column for column in invitation.c if column is not invitation.c.id]
        links = select(*given).where(mine).order_by(invitation.c.made)
        browsers = select(sign_in.c.at, sign_in.c.ended).join(invitation).where(mine)
        attempts = select(attempt).where(attempt.c.learner == learner_id)
        noted = select(audit.c.at, audit.c.act).where(audit.c.learner == learner_id)
        with self.database.reading() as connection:
            _require(connection, learner_id)
            read = partial(_rows, connection)
            kept = read(attempts.order_by(attempt.c.started))
            for row in kept:
                answers = select(answer).where(answer.c.attempt_id == row["id"])
                row["answers"] = read(answers.order_by(answer.c.seq))
                row["drafts"] = read(select(draft).where(draft.c.attempt_id == row["id"]))
            [who] = read(LEARNERS.where(learner.c.id == learner_id)) or [{"id": learner_id}]
            return {
                "learner": who,
                "links": read(links),
                "signed_in": read(browsers.order_by(sign_in.c.at)),
                "attempts": kept,
                "done with it": read(noted),
            }

    def erase(self, learner_id: str) -> Erasure:
        """Delete everything that is kept of a learner, in one transaction; leave a trace of it.

        When they signed in and out stays in the log, without their name.

        Raises
        ------
        UnknownNameError
            Nothing is kept of anybody called so.
        """
        attempts = select(attempt.c.id).where(attempt.c.learner == learner_id)
        links = select(invitation.c.id).where(invitation.c.learner_id == learner_id)
        with self.database.writing() as connection:
            alone(connection, "learners")
            _require(connection, learner_id)
            connection.execute(attempts.with_for_update())
            keep_nameless(connection, learner_id)
            erased = {
                table.name: connection.execute(delete(table).where(column.in_(of))).rowcount
                for table, column, of in (
                    (draft, draft.c.attempt_id, attempts),
                    (answer, answer.c.attempt_id, attempts),
                    (attempt, attempt.c.learner, [learner_id]),
                    (sign_in, sign_in.c.invitation_id, links),
                    (invitation, invitation.c.learner_id, [learner_id]),
                    (learner, learner.c.id, [learner_id]),
                )
            }
            moment = self.database.clock()
            trace = Erasure(str(uuid.uuid4()), moment, erased["attempt"], erased["answer"])
            connection.execute(insert(erasure).values(asdict(trace)))
        self.database.checkpoint()
        return trace

    def erase_old(self, before: dt.datetime) -> None:
        """Erase everybody of whom nothing happened since a moment, each with a trace."""
        for learner_id in quiet_since(self.database, before):
            with suppress(UnknownNameError):  # another server was first
                self.erase(learner_id)


def _holds(moment: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    """Say of an invitation that it holds at a moment."""
    return invitation.c.revoked.is_(None), invitation.c.until > moment


def sign_in_id(secret: str) -> str:
    """Name the sign-in of a browser's secret, which cannot be told from the name."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _end(connection: Connection, learner_id: str, moment: dt.datetime) -> int:
    held = (invitation.c.learner_id == learner_id, invitation.c.revoked.is_(None))
    return connection.execute(update(invitation).where(*held).values(revoked=moment)).rowcount


def _require(connection: Connection, learner_id: str) -> None:
    """Refuse a learner of whom nothing is kept: neither a place nor an attempt."""
    known = connection.execute(select(learner.c.id)).scalars().all()
    played = select(attempt.c.id).where(attempt.c.learner == learner_id).limit(1)
    if learner_id in known or connection.execute(played).first():
        return
    if len(known) > 20:
        raise UnknownNameError(f"no learner is called {learner_id!r}. phb learners lists all.")
    raise UnknownNameError.among("learner", learner_id, known)


def _rows(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    """Read rows as plain data."""
    rows = connection.execute(query).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """Give a moment as its ISO 8601 text, and anything else as it is."""
    return value.isoformat() if isinstance(value, dt.datetime) else value
