"""Tables of meetings."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table

from phbkit.records.schema import Moment, metadata

review_session = Table(
    "review_session",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("code", String(7), nullable=False, unique=True),
    Column("case_id", String(60), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("subject", JSON(none_as_null=True), nullable=True),
    Column("opened", Moment, nullable=False),
    Column("closed", Moment, nullable=True),
)

seat = Table(
    "seat",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("session_id", String(36), ForeignKey("review_session.id"), nullable=False, index=True),
    Column("secret", String(64), nullable=False, unique=True),
    Column("back", String(64), nullable=False),
    Column("sat", Moment, nullable=False),
)

review_event = Table(
    "review_event",
    metadata,
    Column("session_id", String(36), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("ticket", String(64), nullable=False),
    Column("seat_id", String(36), nullable=False),
    Column("act", String(30), nullable=False),
    Column("data", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    sa.ForeignKeyConstraint(["session_id"], ["review_session.id"]),
    sa.UniqueConstraint("session_id", "seat_id", "ticket"),
)
