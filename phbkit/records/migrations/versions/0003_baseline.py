"""The tables of the first release.

The revisions before only added tables, so a database of theirs is given the tables it lacks. The
first revision after this one that changes a table has to write here what the tables were, with
`op.create_table`.
"""

from alembic import op

from phbkit.records.schema import metadata

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables that are not there yet."""
    metadata.create_all(op.get_bind())
