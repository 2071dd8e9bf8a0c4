"""Review sessions, their seats and what was done in them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of review sessions."""
    op.create_table(
        "review_session",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(7), nullable=False),
        sa.Column("case_id", sa.String(60), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("subject", sa.JSON, nullable=True),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_review_session"),
        sa.UniqueConstraint("code", name="uq_review_session_code"),
    )
    op.create_table(
        "seat",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("back", sa.String(64), nullable=False),
        sa.Column("sat", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_seat"),
        sa.ForeignKeyConstraint(["session_id"], ["review_session.id"], name="fk_seat_session_id"),
        sa.UniqueConstraint("secret", name="uq_seat_secret"),
    )
    op.create_index("ix_seat_session_id", "seat", ["session_id"])
    op.create_table(
        "review_event",
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("ticket", sa.String(64), nullable=False),
        sa.Column("seat_id", sa.String(36), nullable=False),
        sa.Column("act", sa.String(30), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "seq", name="pk_review_event"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["review_session.id"], name="fk_review_event_session_id"
        ),
        sa.UniqueConstraint("session_id", "seat_id", "ticket", name="uq_review_event_session_id"),
    )
