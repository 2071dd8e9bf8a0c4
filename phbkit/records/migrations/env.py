"""Run migrations on the connection that phbkit.records.database hands over."""

from alembic import context

from phbkit import wings
from phbkit.records.schema import metadata

for add_tables in wings.hooks("add_tables"):
    add_tables()
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()
