"""Tables of the records; the wings add theirs to `metadata`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)


class Moment(sa.TypeDecorator[dt.datetime]):
    """A moment in UTC, on databases with time zones and on those without."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> Any:
        """Store UTC."""
        return value.astimezone(dt.UTC) if value else None

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> dt.datetime | None:
        """Read back as UTC, whatever the database says of it."""
        if value is None:
            return None
        moment: dt.datetime = value
        return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


attempt = Table(
    "attempt",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("learner", String(120), nullable=False, index=True),
    Column("case_id", String(60), nullable=False),
    Column("case_version", String(12), nullable=False),
    Column("started", Moment, nullable=False),
)

answer = Table(
    "answer",
    metadata,
    Column("attempt_id", String(36), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("submission", String(64), nullable=False),
    Column("step", String(20), nullable=False),
    Column("question", String(60), nullable=False),
    Column("value", JSON, nullable=True),
    Column("saved", Moment, nullable=False),
    sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"]),
    sa.UniqueConstraint("attempt_id", "submission", "question"),
)

draft = Table(
    "draft",
    metadata,
    Column("attempt_id", String(36), ForeignKey("attempt.id"), primary_key=True),
    Column("step", String(20), primary_key=True),
    Column("values", JSON, nullable=False),
    Column("saved", Moment, nullable=False),
)

learner = Table(
    "learner",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("cohort", String(60), nullable=False),
    Column("role", String(10), nullable=False),
    Column("added", Moment, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("act", String(20), nullable=False),
    Column("learner", String(120), nullable=False),
)
