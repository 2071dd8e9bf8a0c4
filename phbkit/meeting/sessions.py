"""MDT review sessions in a database: who sits in them, and what was done, in order."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from phbkit.errors import RecordsError
from phbkit.records.attempts import Clock, now
from phbkit.records.database import reading, writing
from phbkit.records.journal import Act, StaleError
from phbkit.records.schema import review_event, review_session
from phbkit.records.schema import seat as seats

# No vowels, so that no code is a word; no 0, 1, B, G, I, O, S, U, Y or Z, which look like others.
ALPHABET = "CDFHJKLMNPQRTVWX23456789"
_CODE_LENGTH, _BACK_LENGTH = 6, 8
_TRIES = 5
OPEN_HOURS = 24  # a code left on a photograph is dead the day after
SEAT_DAYS = 30  # how long a seat can read the record of its meeting
MOST_ACTS = 500  # of one seat


@dataclass(frozen=True)
class ReviewSession:
    """One meeting on one case; `subject` is a local case as data, where it is not in the bank."""

    id: str
    code: str
    case_id: str
    mode: str
    subject: dict[str, Any] | None
    opened: dt.datetime
    closed: dt.datetime | None


@dataclass(frozen=True)
class Seated:
    """What a device is given once; the database keeps only the SHA-256 of the secret and the code.

    `secret` proves the seat from this device. `back` is the short code, such as "KTX4-M7PR", with
    which the same person takes the seat again from another device.
    """

    seat: str
    secret: str
    back: str


class Sessions:
    """The review sessions kept in one database."""

    def __init__(self, engine: Engine, clock: Clock = now) -> None:
        self._engine, self._clock = engine, clock

    def open(
        self,
        case_id: str,
        mode: str,
        subject: dict[str, Any] | None = None,
        *,
        ticket: str,
        data: dict[str, Any],
    ) -> tuple[ReviewSession, Seated]:
        """Begin a session with the facilitator's seat and the act `open`.

        The join code has six characters of 24: 191 million codes, or 27 bits. That is enough for
        the hours a session is open, as long as guessing is slowed down.
        """
        for _ in range(_TRIES):
            made = ReviewSession(
                str(uuid.uuid4()),
                _new_code(_CODE_LENGTH),
                case_id,
                mode,
                subject,
                self._clock(),
                None,
            )
            seated = _new_seat()
            try:
                with writing(self._engine) as connection:
                    connection.execute(insert(review_session).values(**made.__dict__))
                    self._seat(connection, made.id, seated, made.opened)
                    act = Act(1, seated.seat, "open", data, made.opened, ticket)
                    self._add(connection, made, act)
            except IntegrityError:
                continue  # the code is taken
            return made, seated
        raise RecordsError("The session was not opened: no free join code was found. Try again.")

    def sit(self, session_id: str, act_data: dict[str, Any], *, after: int, ticket: str) -> Seated:
        """Make a seat and write the act `join`, whose data are `act_data` and the seat.

        Each call makes a seat of its own, as the secret of an earlier one cannot be told again.

        Raises
        ------
        StaleError
            The session's last act is not number `after`.
        RecordsError
            There is no such session, or it is closed.
        """
        seated = _new_seat()
        with writing(self._engine) as connection:
            session = self._hold(connection, session_id)
            moment = self._clock()
            data = act_data | {"seat": seated.seat}
            self._seat(connection, session_id, seated, moment)
            self._add(
                connection, session, Act(after + 1, seated.seat, "join", data, moment, ticket)
            )
        return seated

    def find(self, code: str) -> ReviewSession | None:
        """Find the session with a join code, open and of the last day.

        Case, spaces and dashes do not matter.
        """
        query = select(review_session).where(
            review_session.c.code == _as_written(code),
            review_session.c.closed.is_(None),
            review_session.c.opened > self._clock() - dt.timedelta(hours=OPEN_HOURS),
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return ReviewSession(*row) if row else None

    def get(self, session_id: str) -> ReviewSession:
        """Return a session, open or closed.

        Raises
        ------
        RecordsError
            There is no such session.
        """
        with reading(self._engine) as connection:
            return self._session(connection, session_id)

    def seat_of(self, secret: str) -> tuple[ReviewSession, str] | None:
        """Return the session of the last month, open or closed, and the seat of a secret."""
        query = (
            select(seats.c.id, review_session)
            .join(review_session)
            .where(
                seats.c.secret == _fingerprint(secret),
                review_session.c.opened > self._clock() - dt.timedelta(days=SEAT_DAYS),
            )
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return (ReviewSession(*row[1:]), row[0]) if row else None

    def return_to(self, code: str, back: str) -> Seated | None:
        """Take a seat of an open session again; the secret it had is worth nothing from now on."""
        session = self.find(code)
        if session is None:
            return None
        back = _as_written(back)
        secret = _new_secret()
        taken = (
            update(seats)
            .where(seats.c.session_id == session.id, seats.c.back == _fingerprint(back))
            .values(secret=_fingerprint(secret))
            .returning(seats.c.id)
        )
        with writing(self._engine) as connection:
            seat = connection.execute(taken).scalar_one_or_none()
        return Seated(seat, secret, back) if seat else None

    def listed(self) -> list[ReviewSession]:
        """List every session, the newest first."""
        query = select(review_session).order_by(review_session.c.opened.desc())
        with reading(self._engine) as connection:
            return [ReviewSession(*row) for row in connection.execute(query)]

    def acts(self, session_id: str, since: int = 0) -> list[Act]:
        """List the acts after number `since`, in the order written."""
        query = (
            select(review_event)
            .where(review_event.c.session_id == session_id, review_event.c.seq > since)
            .order_by(review_event.c.seq)
        )
        with reading(self._engine) as connection:
            return [_act(row) for row in connection.execute(query)]

    def last(self, session_id: str) -> int:
        """Return the number of the last act, or 0."""
        with reading(self._engine) as connection:
            return self._last(connection, session_id)

    def append(  # noqa: PLR0913  the parts of an act
        self,
        session_id: str,
        seat: str,
        act: str,
        data: dict[str, Any],
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
            There is no such session, it is closed, or the ticket was used for something else.
        """
        with writing(self._engine) as connection:
            session = self._hold(connection, session_id)
            first = self._first(connection, session_id, seat, ticket)
            if first:
                if _content(first.act, first.data) != _content(act, data):
                    raise RecordsError("This was already saved, with other content.")
                return first
            self._need_room(connection, session_id, seat)
            made = Act(after + 1, seat, act, data, self._clock(), ticket)
            self._add(connection, session, made)
            if closes:
                this = review_session.c.id == session_id
                connection.execute(update(review_session).where(this).values(closed=made.at))
        return made

    def _need_room(self, connection: Connection, session_id: str, seat: str) -> None:
        """Refuse to let one seat fill the database."""
        query = (
            select(func.count())
            .select_from(review_event)
            .where(review_event.c.session_id == session_id, review_event.c.seat_id == seat)
        )
        if (connection.execute(query).scalar() or 0) >= MOST_ACTS:
            raise RecordsError(
                f"One seat can do {MOST_ACTS} things in a meeting. Nothing was added."
            )

    def _session(
        self, connection: Connection, session_id: str, *, hold: bool = False
    ) -> ReviewSession:
        query = select(review_session).where(review_session.c.id == session_id)
        row = connection.execute(query.with_for_update() if hold else query).one_or_none()
        if row is None:
            raise RecordsError(f"There is no review session {session_id}.")
        return ReviewSession(*row)

    def _hold(self, connection: Connection, session_id: str) -> ReviewSession:
        """Let nobody else write to the session until the transaction ends."""
        return self._session(connection, session_id, hold=True)

    def _seat(
        self, connection: Connection, session_id: str, seated: Seated, moment: dt.datetime
    ) -> None:
        connection.execute(
            insert(seats).values(
                id=seated.seat,
                session_id=session_id,
                secret=_fingerprint(seated.secret),
                back=_fingerprint(seated.back),
                sat=moment,
            )
        )

    def _add(self, connection: Connection, session: ReviewSession, act: Act) -> None:
        if session.closed:
            raise RecordsError("This review session is closed. Nothing was added to it.")
        last = self._last(connection, session.id)
        if act.seq != last + 1:
            raise StaleError(f"The session has {last} acts, not {act.seq - 1}.")
        connection.execute(
            insert(review_event).values(
                session_id=session.id,
                seq=act.seq,
                ticket=act.ticket,
                seat_id=act.seat,
                act=act.act,
                data=act.data,
                at=act.at,
            )
        )

    def _last(self, connection: Connection, session_id: str) -> int:
        query = select(func.max(review_event.c.seq)).where(review_event.c.session_id == session_id)
        return connection.execute(query).scalar() or 0

    def _first(self, connection: Connection, session_id: str, seat: str, ticket: str) -> Act | None:
        query = select(review_event).where(
            review_event.c.session_id == session_id,
            review_event.c.seat_id == seat,
            review_event.c.ticket == ticket,
        )
        row = connection.execute(query).one_or_none()
        return _act(row) if row else None


def _act(row: Row[Any]) -> Act:
    return Act(row.seq, row.seat_id, row.act, row.data, row.at, row.ticket)


def _content(act: str, data: dict[str, Any]) -> str:
    return json.dumps([act, data], sort_keys=True, default=repr)


def _new_seat() -> Seated:
    return Seated(str(uuid.uuid4()), _new_secret(), _new_code(_BACK_LENGTH))


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _new_code(length: int) -> str:
    return _as_written("".join(secrets.choice(ALPHABET) for _ in range(length)))


def _as_written(code: str) -> str:
    """Write a code as it is shown, in capitals with a dash in the middle, however it was typed."""
    plain = "".join(filter(str.isalnum, code.upper()))
    half = len(plain) // 2
    return f"{plain[:half]}-{plain[half:]}"


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
