"""Attempts and their journals in a database."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select

from phbkit.errors import RefusedError
from phbkit.records.database import Database, alone
from phbkit.records.event_log import EventLog
from phbkit.records.journal import STEP_CLOSED, Answers, Event, rows
from phbkit.records.schema import answer, attempt, draft

MOST_A_DAY = 20  # attempts of one learner at one case
_LOG = EventLog(answer, Event, stream="attempt", events="events")


@dataclass(frozen=True)
class Attempt:
    """One pass through a case by one learner."""

    id: str
    learner: str
    case_id: str
    case_version: str
    started: dt.datetime


class Store:
    """The attempts kept in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, learner: str, case_id: str, case_version: str) -> Attempt:
        """Begin a new attempt, unless this learner has begun too many at the case within a day.

        Raises
        ------
        RefusedError
            They did.
        """
        with self._database.writing() as connection:
            alone(connection, f"{learner} {case_id}")
            new = self._start(connection, learner, case_id, case_version)
            theirs = attempt.c.learner == learner, attempt.c.case_id == case_id
            within = attempt.c.started > new.started - dt.timedelta(days=1)
            begun = select(func.count()).where(*theirs, within)
            if connection.execute(begun).scalar_one() > MOST_A_DAY:
                raise RefusedError({"": f"{MOST_A_DAY} attempts were begun within a day."})
        return new

    def latest(self, learner: str, case_id: str) -> Attempt | None:
        """Find the attempt this learner began last on a case."""
        return self._database.first(Attempt, _latest(learner, case_id))

    def finished(self, learner: str) -> list[Attempt]:
        """List the attempts of a learner of which the last step was done, the earliest first."""
        done = answer.c.step == "reflect", answer.c.question == STEP_CLOSED
        query = select(attempt).where(attempt.c.learner == learner).order_by(attempt.c.started)
        ended = select(answer.c.attempt_id).where(*done)
        return [Attempt(*row) for row in self._database.rows(query.where(attempt.c.id.in_(ended)))]

    def resume(self, learner: str, case_id: str, case_version: str) -> Attempt:
        """Go on with the latest attempt, or begin one; two at once begin one between them."""
        with self._database.writing() as connection:
            alone(connection, f"{learner} {case_id}")
            row = connection.execute(_latest(learner, case_id)).first()
            if row:
                return Attempt(*row)
            return self._start(connection, learner, case_id, case_version)

    def _start(
        self, connection: Connection, learner: str, case_id: str, case_version: str
    ) -> Attempt:
        started = self._database.clock()
        new = Attempt(str(uuid.uuid4()), learner, case_id, case_version, started)
        connection.execute(insert(attempt).values(asdict(new)))
        return new

    def journal(self, attempt_id: str) -> SqlJournal:
        """Open the journal of an attempt."""
        return SqlJournal(self._database, attempt_id)

    def closed_steps(self, attempt_id: str) -> dict[str, dt.datetime]:
        """List the steps an attempt has finished, each with the time it was last saved."""
        this = answer.c.attempt_id == attempt_id, answer.c.question == STEP_CLOSED
        query = select(answer.c.step, answer.c.saved).where(*this).order_by(answer.c.seq)
        return {row.step: row.saved for row in self._database.rows(query)}


def _latest(learner: str, case_id: str) -> Select[Any]:
    this = attempt.c.learner == learner, attempt.c.case_id == case_id
    return select(attempt).where(*this).order_by(attempt.c.started.desc()).limit(1)


class SqlJournal:
    """The journal of one attempt, in the database."""

    def __init__(self, database: Database, attempt_id: str) -> None:
        self._database, self._id = database, attempt_id

    def events(self) -> list[Event]:
        """List every event in the order written."""
        with self._database.reading() as connection:
            return _LOG.events(connection, self._id)

    def append(
        self, submission: str, step: str, answers: Answers, *, after: int, closes: bool = True
    ) -> dt.datetime:
        """Write a step's answers in one transaction; see Journal.append."""
        with self._database.writing() as connection:
            _LOG.stream(connection, self._id, hold=True)
            written = _LOG.written(connection, self._id, step, submission)
            if written:
                return written[0].at
            moment, content = self._database.clock(), rows(answers, closes=closes)
            _LOG.add(connection, self._id, step, submission, content, after=after, at=moment)
            connection.execute(delete(draft).where(*self._draft_of(step)))
        return moment

    def _draft_of(self, step: str) -> tuple[Any, ...]:
        return draft.c.attempt_id == self._id, draft.c.step == step

    def draft(self, step: str) -> dict[str, Any]:
        """Return what was last typed into a step that is not answered yet."""
        query = select(draft.c["values"]).where(*self._draft_of(step))
        return self._database.first(dict, query) or {}

    def keep_draft(self, step: str, values: Mapping[str, Any]) -> dt.datetime:
        """Keep what is typed so far, in place of the step's earlier draft."""
        moment = self._database.clock()
        row = {"attempt_id": self._id, "step": step, "values": dict(values), "saved": moment}
        with self._database.writing() as connection:
            _LOG.stream(connection, self._id, hold=True)
            connection.execute(delete(draft).where(*self._draft_of(step)))
            connection.execute(insert(draft).values(row))
        return moment
