"""Tables of the records."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

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


attempt = sa.Table(
    "attempt",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("learner", sa.String(120), nullable=False, index=True),
    sa.Column("case_id", sa.String(60), nullable=False),
    sa.Column("case_version", sa.String(12), nullable=False),
    sa.Column("started", Moment, nullable=False),
)

answer = sa.Table(
    "answer",
    metadata,
    sa.Column("attempt_id", sa.String(36), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("submission", sa.String(64), nullable=False),
    sa.Column("step", sa.String(20), nullable=False),
    sa.Column("question", sa.String(60), nullable=False),
    sa.Column("value", sa.JSON, nullable=True),
    sa.Column("saved", Moment, nullable=False),
    sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"]),
    sa.UniqueConstraint("attempt_id", "submission", "question"),
)

draft = sa.Table(
    "draft",
    metadata,
    sa.Column("attempt_id", sa.String(36), sa.ForeignKey("attempt.id"), primary_key=True),
    sa.Column("step", sa.String(20), primary_key=True),
    sa.Column("values", sa.JSON, nullable=False),
    sa.Column("saved", Moment, nullable=False),
)

review_session = sa.Table(
    "review_session",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("code", sa.String(7), nullable=False, unique=True),
    sa.Column("case_id", sa.String(60), nullable=False),
    sa.Column("mode", sa.String(8), nullable=False),
    sa.Column("subject", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("opened", Moment, nullable=False),
    sa.Column("closed", Moment, nullable=True),
)

seat = sa.Table(
    "seat",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column(
        "session_id", sa.String(36), sa.ForeignKey("review_session.id"), nullable=False, index=True
    ),
    sa.Column("secret", sa.String(64), nullable=False, unique=True),
    sa.Column("back", sa.String(64), nullable=False),
    sa.Column("sat", Moment, nullable=False),
)

review_event = sa.Table(
    "review_event",
    metadata,
    sa.Column("session_id", sa.String(36), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("ticket", sa.String(64), nullable=False),
    sa.Column("seat_id", sa.String(36), nullable=False),
    sa.Column("act", sa.String(30), nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.ForeignKeyConstraint(["session_id"], ["review_session.id"]),
    sa.UniqueConstraint("session_id", "seat_id", "ticket"),
)

learner = sa.Table(
    "learner",
    metadata,
    sa.Column("id", sa.String(120), primary_key=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("cohort", sa.String(60), nullable=False),
    sa.Column("role", sa.String(10), nullable=False),
    sa.Column("added", Moment, nullable=False),
)

invitation = sa.Table(
    "invitation",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column(
        "learner_id", sa.String(120), sa.ForeignKey("learner.id"), nullable=False, index=True
    ),
    sa.Column("made", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("revoked", Moment, nullable=True),
)

sign_in = sa.Table(
    "sign_in",
    metadata,
    sa.Column("secret", sa.String(64), primary_key=True),
    sa.Column(
        "invitation_id", sa.String(36), sa.ForeignKey("invitation.id"), nullable=False, index=True
    ),
    sa.Column("at", Moment, nullable=False),
    sa.Column("ended", Moment, nullable=True),
)

erasure = sa.Table(
    "erasure",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("answers", sa.Integer, nullable=False),
)
