"""Tables of who was invited, where they are signed in, and what was erased."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from phbkit.records.schema import Moment, metadata

invitation = Table(
    "invitation",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("learner_id", String(120), ForeignKey("learner.id"), nullable=False, index=True),
    Column("made", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("revoked", Moment, nullable=True),
)

sign_in = Table(
    "sign_in",
    metadata,
    Column("secret", String(64), primary_key=True),
    Column("invitation_id", String(36), ForeignKey("invitation.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("ended", Moment, nullable=True),
)

erasure = Table(
    "erasure",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("answers", Integer, nullable=False),
)
