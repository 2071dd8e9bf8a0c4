"""Attempts and their journals in a database."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from phbkit.errors import RecordsError
from phbkit.records.database import alone, reading, writing
from phbkit.records.journal import STEP_CLOSED, Answers, Event, StaleError, answers_in, rows
from phbkit.records.schema import answer, attempt, draft

Clock = Callable[[], dt.datetime]


def now() -> dt.datetime:
    """Return the server's time, in UTC."""
    return dt.datetime.now(tz=dt.UTC)


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

    def __init__(self, engine: Engine, clock: Clock = now) -> None:
        self._engine, self._clock = engine, clock

    def start(self, learner: str, case_id: str, case_version: str) -> Attempt:
        """Begin a new attempt."""
        with writing(self._engine) as connection:
            return self._start(connection, learner, case_id, case_version)

    def latest(self, learner: str, case_id: str) -> Attempt | None:
        """Find the attempt this learner began last on a case."""
        with reading(self._engine) as connection:
            return self._latest(connection, learner, case_id)

    def resume(self, learner: str, case_id: str, case_version: str) -> Attempt:
        """Go on with the latest attempt, or begin one; two at once begin one between them."""
        with writing(self._engine) as connection:
            alone(connection, f"{learner} {case_id}")
            found = self._latest(connection, learner, case_id)
            return found or self._start(connection, learner, case_id, case_version)

    def _start(
        self, connection: Connection, learner: str, case_id: str, case_version: str
    ) -> Attempt:
        made = Attempt(str(uuid.uuid4()), learner, case_id, case_version, self._clock())
        connection.execute(insert(attempt).values(**made.__dict__))
        return made

    def _latest(self, connection: Connection, learner: str, case_id: str) -> Attempt | None:
        query = (
            select(attempt)
            .where(attempt.c.learner == learner, attempt.c.case_id == case_id)
            .order_by(attempt.c.started.desc())
            .limit(1)
        )
        row = connection.execute(query).one_or_none()
        return Attempt(*row) if row else None

    def latest_answers(self, case_ids: Collection[str]) -> Iterator[tuple[Attempt, dict[str, Any]]]:
        """List what was answered in the latest attempt of each learner at a case, every try.

        Learners come in order of their names, and cases in order of theirs.
        """
        query = (
            select(attempt)
            .where(attempt.c.case_id.in_(case_ids))
            .order_by(attempt.c.learner, attempt.c.case_id, attempt.c.started)
        )
        with reading(self._engine) as connection:
            found = [Attempt(*row) for row in connection.execute(query)]
        latest = {(each.learner, each.case_id): each for each in found}
        for each in latest.values():
            yield each, answers_in(self.journal(each.id).events())

    def journal(self, attempt_id: str) -> SqlJournal:
        """Open the journal of an attempt."""
        return SqlJournal(self._engine, attempt_id, self._clock)

    def closed_steps(self, attempt_id: str) -> dict[str, dt.datetime]:
        """List the steps an attempt has finished, each with the time it was last saved."""
        query = (
            select(answer.c.step, func.max(answer.c.saved).label("saved"))
            .where(answer.c.attempt_id == attempt_id, answer.c.question == STEP_CLOSED)
            .group_by(answer.c.step)
        )
        with reading(self._engine) as connection:
            return {row.step: row.saved for row in connection.execute(query)}


class SqlJournal:
    """The journal of one attempt, in the database."""

    def __init__(self, engine: Engine, attempt_id: str, clock: Clock) -> None:
        self._engine, self._id, self._clock = engine, attempt_id, clock

    def events(self) -> list[Event]:
        """List every event in the order written."""
        query = select(answer).where(answer.c.attempt_id == self._id).order_by(answer.c.seq)
        with reading(self._engine) as connection:
            return [
                Event(row.seq, row.step, row.question, row.value, row.saved, row.submission)
                for row in connection.execute(query)
            ]

    def append(
        self, submission: str, step: str, answers: Answers, *, after: int, closes: bool = True
    ) -> dt.datetime:
        """Write a step's answers in one transaction; see Journal.append."""
        try:
            with writing(self._engine) as connection:
                self._hold_attempt(connection)
                written = self._written(connection, submission, step)
                if written:
                    return written
                self._require_last(connection, after)
                moment = self._clock()
                connection.execute(
                    insert(answer),
                    [
                        {
                            "attempt_id": self._id,
                            "seq": after + place,
                            "submission": submission,
                            "step": step,
                            "question": question,
                            "value": value,
                            "saved": moment,
                        }
                        for place, (question, value) in enumerate(
                            rows(answers, closes=closes), start=1
                        )
                    ],
                )
                connection.execute(
                    delete(draft).where(draft.c.attempt_id == self._id, draft.c.step == step)
                )
        except IntegrityError as error:
            raise StaleError("The attempt was written to at the same moment.") from error
        return moment

    def _written(self, connection: Connection, submission: str, step: str) -> dt.datetime | None:
        query = select(func.min(answer.c.saved).label("saved")).where(
            answer.c.attempt_id == self._id,
            answer.c.submission == submission,
            answer.c.step == step,
        )
        return connection.execute(query).scalar()

    def _hold_attempt(self, connection: Connection) -> None:
        query = select(attempt.c.id).where(attempt.c.id == self._id).with_for_update()
        if connection.execute(query).one_or_none() is None:
            raise RecordsError(f"There is no attempt {self._id}.")

    def _require_last(self, connection: Connection, after: int) -> None:
        query = select(func.max(answer.c.seq)).where(answer.c.attempt_id == self._id)
        last = connection.execute(query).scalar() or 0
        if last != after:
            raise StaleError(f"The attempt has {last} events, not {after}.")

    def draft(self, step: str) -> dict[str, Any]:
        """Return what was last typed into a step that is not answered yet."""
        query = select(draft.c["values"]).where(
            draft.c.attempt_id == self._id, draft.c.step == step
        )
        with reading(self._engine) as connection:
            return connection.execute(query).scalar() or {}

    def keep_draft(self, step: str, values: Mapping[str, Any]) -> dt.datetime:
        """Keep what is typed so far, in place of the step's earlier draft."""
        moment = self._clock()
        with writing(self._engine) as connection:
            self._hold_attempt(connection)
            place = (draft.c.attempt_id == self._id, draft.c.step == step)
            connection.execute(delete(draft).where(*place))
            connection.execute(
                insert(draft).values(
                    attempt_id=self._id, step=step, values=dict(values), saved=moment
                )
            )
        return moment
