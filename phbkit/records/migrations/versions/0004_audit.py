"""What was done with the records besides: exports, backups, restores; sign-ins of the erased.

It only adds a table, so revision 0003 may have made it already.
"""

from alembic import op

from phbkit.records.schema import audit

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table where it is not there yet."""
    audit.create(op.get_bind(), checkfirst=True)
