"""Attempts and their answers; see revision 0003."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Change nothing."""
