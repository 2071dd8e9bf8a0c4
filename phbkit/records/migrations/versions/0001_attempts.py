"""Attempts, their answers and their drafts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "attempt",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("learner", sa.String(120), nullable=False),
        sa.Column("case_id", sa.String(60), nullable=False),
        sa.Column("case_version", sa.String(12), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    op.create_index("ix_attempt_learner", "attempt", ["learner"])
    op.create_table(
        "answer",
        sa.Column("attempt_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("submission", sa.String(64), nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("question", sa.String(60), nullable=False),
        sa.Column("value", sa.JSON, nullable=True),
        sa.Column("saved", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", "seq", name="pk_answer"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_answer_attempt_id"),
        sa.UniqueConstraint("attempt_id", "submission", "question", name="uq_answer_attempt_id"),
    )
    op.create_table(
        "draft",
        sa.Column("attempt_id", sa.String(36), nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("values", sa.JSON, nullable=False),
        sa.Column("saved", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", "step", name="pk_draft"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_draft_attempt_id"),
    )
