"""A log: the numbered events of many streams, in one table, only ever added to or struck out of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Table, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from phbkit.errors import RecordsError
from phbkit.records.journal import StaleError

E = TypeVar("E")


class EventLog(Generic[E]):
    """The events of many streams, numbered from 1 in each: only added to, and struck out of.

    Whoever writes holds the stream, looks whether its ticket was written before, and adds: all on
    one connection, in one transaction, in which more can be written that belongs to it.

    Parameters
    ----------
    table
        Its columns, in this order, hold stream, number, ticket, actor, kind, data and moment. The
        first is a foreign key: the table it points to has a row for each stream.
    event
        Makes an event of number, actor, kind, data, moment and ticket, in this order.
    stream, events
        What errors call a stream and its events: "attempt", "events".
    """

    def __init__(self, table: Table, event: Callable[..., E], *, stream: str, events: str) -> None:
        self._stream, self._number, self._ticket, self._actor, kind, self._data, at = table.c
        self._table, self._names = table, table.c.keys()
        self._fields = (self._number, self._actor, kind, self._data, at, self._ticket)
        [reference] = self._stream.foreign_keys
        self._key, self._event = reference.column, event
        self._stream_noun, self._events_noun = stream, events

    def events(self, connection: Connection, stream: str, *, since: int = 0) -> list[E]:
        """List the events after number `since`, in the order written."""
        return self._selected(connection, self._stream == stream, self._number > since)

    def written(self, connection: Connection, stream: str, actor: str, ticket: str) -> list[E]:
        """List what an actor wrote under one ticket; a ticket counts once."""
        return self._selected(
            connection, self._stream == stream, self._actor == actor, self._ticket == ticket
        )

    def _selected(self, connection: Connection, *where: Any) -> list[E]:
        query = select(*self._fields).where(*where).order_by(self._number)
        return [self._event(*row) for row in connection.execute(query)]

    def strike(self, connection: Connection, stream: str, number: int, data: Any) -> None:
        """Write data over those of an event whose words have to go."""
        this = (self._stream == stream, self._number == number)
        connection.execute(update(self._table).where(*this).values({self._data: data}))

    def last(self, connection: Connection, stream: str) -> int:
        """Return the number of the last event, or 0."""
        query = select(func.max(self._number)).where(self._stream == stream)
        return connection.execute(query).scalar() or 0

    def count(self, connection: Connection, stream: str, actor: str) -> int:
        """Return how many events an actor wrote."""
        query = select(func.count()).where(self._stream == stream, self._actor == actor)
        return connection.execute(query).scalar_one()

    def stream(self, connection: Connection, stream: str, *, hold: bool = False) -> Sequence[Any]:
        """Return the row of a stream; held, nobody else can write to it until the transaction ends.

        Raises
        ------
        RecordsError
            There is no such stream.
        """
        query = select(self._key.table).where(self._key == stream)
        row = connection.execute(query.with_for_update() if hold else query).one_or_none()
        if row is None:
            raise RecordsError(f"There is no {self._stream_noun} {stream}.")
        return row

    def add(  # noqa: PLR0913  the parts of an event
        self,
        connection: Connection,
        stream: str,
        actor: str,
        ticket: str,
        content: Iterable[tuple[str, Any]],
        *,
        after: int,
        at: dt.datetime,
    ) -> list[E]:
        """Write events, each of a kind and its data, to a stream that is held; return them.

        Raises
        ------
        StaleError
            The stream's last event is not number `after`.
        """
        last = self.last(connection, stream)
        if last != after:
            raise StaleError(
                f"The {self._stream_noun} has {last} {self._events_noun}, not {after}."
            )
        numbered = list(enumerate(content, start=after + 1))
        rows = [(stream, number, ticket, actor, *what, at) for number, what in numbered]
        try:
            connection.execute(
                insert(self._table), [dict(zip(self._names, row, strict=True)) for row in rows]
            )
        except IntegrityError as error:
            message = f"The {self._stream_noun} was written to at the same moment."
            raise StaleError(message) from error
        return [self._event(number, actor, *what, at, ticket) for number, what in numbered]
