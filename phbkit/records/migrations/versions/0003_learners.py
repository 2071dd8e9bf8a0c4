"""Learners, the links they were given, where they signed in, and what was erased."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables of learners."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "learner",
        sa.Column("id", sa.String(120), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("cohort", sa.String(60), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("added", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_learner"),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("learner_id", sa.String(120), nullable=False),
        sa.Column("made", moment, nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.Column("revoked", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.ForeignKeyConstraint(["learner_id"], ["learner.id"], name="fk_invitation_learner_id"),
    )
    op.create_index("ix_invitation_learner_id", "invitation", ["learner_id"])
    op.create_table(
        "sign_in",
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("invitation_id", sa.String(36), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("ended", moment, nullable=True),
        sa.PrimaryKeyConstraint("secret", name="pk_sign_in"),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name="fk_sign_in_invitation_id"
        ),
    )
    op.create_index("ix_sign_in_invitation_id", "sign_in", ["invitation_id"])
    op.create_table(
        "erasure",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
    )
