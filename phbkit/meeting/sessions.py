"""MDT review sessions in a database: who sits in them, and what was done, in order."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from phbkit.errors import RecordsError, RefusedError
from phbkit.meeting.meeting import Act, Seat
from phbkit.meeting.roles import FACILITATOR
from phbkit.meeting.schema import review_event, review_session
from phbkit.meeting.schema import seat as seats
from phbkit.meeting.strike_out import mark, without
from phbkit.records.database import Database, alone, open_database
from phbkit.records.event_log import EventLog
from phbkit.records.schema import audit

# No vowels, so that no code is a word; no 0, 1, B, G, I, O, S, U, Y or Z, which look like others.
ALPHABET = "CDFHJKLMNPQRTVWX23456789"
_CODE_LENGTH, _BACK_LENGTH = 6, 8
_TRIES = 5
OPEN_HOURS = 24  # a code left on a photograph is dead the day after
SEAT_DAYS = 30  # how long a seat can read the record of its meeting
MOST_ACTS = 500  # of one seat
Data = dict[str, Any]  # of an act, or what a meeting without a case is about
_LOG = EventLog(review_event, Act, stream="review session", events="acts")


@dataclass(frozen=True)
class ReviewSession:
    """One meeting on one case; `subject` is a local case as data, where it is not in the bank."""

    id: str
    code: str
    case_id: str
    mode: str
    subject: Data | None
    opened: dt.datetime
    closed: dt.datetime | None = None


@dataclass(frozen=True)
class Seated:
    """What a device is given once; the database keeps only the SHA-256 of the secret and the code.

    `secret` proves the seat from this device. `back` is the short code, such as "KTX4-M7PR", with
    which the same person takes the seat again from another device.
    """

    seat: str
    secret: str
    back: str


def open_sessions(address: str) -> Sessions:
    """Open the review sessions at a SQLAlchemy address, bringing its tables up to date."""
    return Sessions(open_database(address))


class Sessions:
    """The review sessions kept in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(
        self, case_id: str, mode: str, subject: Data | None = None, *, data: Data
    ) -> tuple[ReviewSession, Seated]:
        """Begin a session with the facilitator's seat and the act `open`.

        The join code has six characters of 24: 191 million codes, or 27 bits. That is enough for
        the hours a session is open, as long as guessing is slowed down.
        """
        opened = self._database.clock()
        session = ReviewSession(str(uuid.uuid4()), "", case_id, mode, subject, opened)
        for _ in range(_TRIES):
            session = replace(session, code=_new_code(_CODE_LENGTH))
            try:
                with self._database.writing() as connection:
                    connection.execute(insert(review_session).values(asdict(session)))
                    seated = _add_seat(connection, session.id, ("open", data), after=0, at=opened)
            except IntegrityError:
                continue  # the code is taken
            return session, seated
        raise RecordsError("The session was not opened: no free join code was found. Try again.")

    def sit(self, session_id: str, data: Data, *, after: int) -> Seated:
        """Make a seat and write the act `join`, whose data are `data` and the seat.

        Each call makes a seat of its own, as the secret of an earlier one cannot be told again.

        Raises
        ------
        StaleError
            The session's last act is not number `after`.
        RecordsError
            There is no such session, or it is closed.
        """
        with self._database.writing() as connection:
            session = ReviewSession(*_LOG.stream(connection, session_id, hold=True))
            _need_open(session)
            at = self._database.clock()
            return _add_seat(connection, session_id, ("join", data), after=after, at=at)

    def find(self, code: str) -> ReviewSession | None:
        """Find the session with a join code, open and of the last day.

        Case, spaces and dashes do not matter.
        """
        query = select(review_session).where(
            review_session.c.code == _as_written(code),
            review_session.c.closed.is_(None),
            review_session.c.opened > self._database.clock() - dt.timedelta(hours=OPEN_HOURS),
        )
        return self._database.first(ReviewSession, query)

    def get(self, session_id: str) -> ReviewSession:
        """Return a session, open or closed.

        Raises
        ------
        RecordsError
            There is no such session.
        """
        with self._database.reading() as connection:
            return ReviewSession(*_LOG.stream(connection, session_id))

    def seat_of(self, secret: str) -> tuple[ReviewSession, str] | None:
        """Return the session of the last month, open or closed, and the seat of a secret."""
        since = self._database.clock() - dt.timedelta(days=SEAT_DAYS)
        query = select(seats.c.id, review_session).join(review_session)
        query = query.where(seats.c.secret == _fingerprint(secret), review_session.c.opened > since)
        return self._database.first(lambda seat, *row: (ReviewSession(*row), seat), query)

    def return_to(self, code: str, back: str) -> Seated | None:
        """Take a seat of an open session again; the secret it had is worth nothing from now on."""
        session = self.find(code)
        if session is None:
            return None
        back, secret = _as_written(back), secrets.token_urlsafe(32)
        mine = (seats.c.session_id == session.id, seats.c.back == _fingerprint(back))
        taken = update(seats).where(*mine).values(secret=_fingerprint(secret)).returning(seats.c.id)
        with self._database.writing() as connection:
            seat = connection.execute(taken).scalar_one_or_none()
        return Seated(seat, secret, back) if seat else None

    def listed(self) -> list[ReviewSession]:
        """List every session, the newest first."""
        query = select(review_session).order_by(review_session.c.opened.desc())
        return [ReviewSession(*row) for row in self._database.rows(query)]

    def acts(self, session_id: str, since: int = 0) -> list[Act]:
        """List the acts after number `since`, in the order written."""
        with self._database.reading() as connection:
            return _LOG.events(connection, session_id, since=since)

    def last(self, session_id: str) -> int:
        """Return the number of the last act, or 0."""
        with self._database.reading() as connection:
            return _LOG.last(connection, session_id)

    def append(  # noqa: PLR0913  the parts of an act
        self,
        session_id: str,
        seat: str,
        act: str,
        data: Data,
        *,
        ticket: str,
        after: int,
        closes: bool = False,
    ) -> Act:
        """Write an act in one transaction; with `closes`, close the session in the same one.

        The same `ticket` from the same seat a second time writes nothing and returns the first act.

        Raises
        ------
        StaleError
            The session's last act is not number `after`.
        RecordsError
            There is no such session, it is closed, the ticket was used for something else, or the
            seat has done as much as one may.
        """
        with self._database.writing() as connection:
            session = ReviewSession(*_LOG.stream(connection, session_id, hold=True))
            for written in _LOG.written(connection, session_id, seat, ticket):
                if (written.act, written.data) != (act, data):
                    raise RecordsError("This was already saved, with other content.")
                return written
            _need_open(session)
            if _LOG.count(connection, session_id, seat) >= MOST_ACTS:  # or one fills the database
                limit = f"One seat can do {MOST_ACTS} things in a meeting."
                raise RecordsError(f"{limit} Nothing was added.")
            moment, acts = self._database.clock(), [(act, data)]
            [new] = _LOG.add(connection, session_id, seat, ticket, acts, after=after, at=moment)
            if closes:
                this = review_session.c.id == session_id
                connection.execute(update(review_session).where(this).values(closed=moment))
        return new

    def strike(self, session_id: str, seat: Seat, words: str, *, ticket: str, after: int) -> Act:
        """Strike words out of whatever a seat wrote, or of everything for the facilitator.

        What was written is overwritten in the database. The act `strike` names the acts, and no
        words. A closed session is struck out of as well.

        Raises
        ------
        RefusedError
            The words are nowhere in it.
        StaleError, RecordsError
            As `append` does.
        """
        this = review_session.c.id == session_id
        with self._database.writing() as connection:
            session = ReviewSession(*_LOG.stream(connection, session_id, hold=True))
            at, everything = self._database.clock(), seat.role == FACILITATOR
            strike = partial(without, words=words, mark=mark(seat.role, at))
            subject = strike(session.subject) if everything else session.subject
            struck = {
                act.seq: data
                for act in _LOG.events(connection, session_id)
                if (everything or act.seat == seat.id) and (data := strike(act.data)) != act.data
            }
            if not struck and subject == session.subject:
                raise RefusedError({"words": "are nowhere in what you can strike out."})
            content = [("strike", {"acts": list(struck)})]
            [new] = _LOG.add(connection, session_id, seat.id, ticket, content, after=after, at=at)
            for number, data in struck.items():
                _LOG.strike(connection, session_id, number, data)
            connection.execute(update(review_session).where(this).values(subject=subject))
        self._database.checkpoint()
        return new

    def erase_old(self, before: dt.datetime) -> int:
        """Delete the meetings in which nothing was done since a moment; leave a trace of each."""
        lively = select(review_event.c.session_id).where(review_event.c.at >= before)
        is_old = review_session.c.opened < before, review_session.c.id.not_in(lively)
        with self._database.writing() as connection:
            alone(connection, "meetings")
            old = connection.execute(select(review_session.c.id).where(*is_old)).scalars().all()
            for column in (review_event.c.session_id, seats.c.session_id, review_session.c.id):
                connection.execute(delete(column.table).where(column.in_(old)))
            trace = {"at": self._database.clock(), "act": "meeting erased", "learner": ""}
            if old:
                connection.execute(insert(audit), [trace] * len(old))
        self._database.checkpoint()
        return len(old)


def _need_open(session: ReviewSession) -> None:
    if session.closed:
        raise RecordsError("This review session is closed. Nothing was added to it.")


def _add_seat(
    connection: Connection, session_id: str, first: tuple[str, Data], *, after: int, at: dt.datetime
) -> Seated:
    """Add a seat with its first act, whose ticket is the seat itself."""
    made = Seated(str(uuid.uuid4()), secrets.token_urlsafe(32), _new_code(_BACK_LENGTH))
    proofs = {"secret": _fingerprint(made.secret), "back": _fingerprint(made.back)}
    row = {"id": made.seat, "session_id": session_id, **proofs, "sat": at}
    connection.execute(insert(seats).values(row))
    act, data = first
    content = [(act, data | {"seat": made.seat} if act == "join" else data)]
    _LOG.add(connection, session_id, made.seat, made.seat, content, after=after, at=at)
    return made


def _new_code(length: int) -> str:
    return _as_written("".join(secrets.choice(ALPHABET) for _ in range(length)))


def _as_written(code: str) -> str:
    """Write a code as it is shown, in capitals with a dash in the middle, however it was typed."""
    plain = "".join(filter(str.isalnum, code.upper()))
    half = len(plain) // 2
    return f"{plain[:half]}-{plain[half:]}"


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
