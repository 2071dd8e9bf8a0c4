"""The tables of the first release.

The versions before only added tables, so a database of theirs is given the tables it lacks; see
`phbkit.records.database`. The first revision after this one that changes a table has to write here
what the tables were, with `op.create_table`.
"""

revision = "0003"
down_revision = None


def upgrade() -> None:
    """Change nothing: the tables were made from `phbkit.records.schema`."""
