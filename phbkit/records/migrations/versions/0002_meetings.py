"""Meetings besides; see revision 0003."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Change nothing."""
