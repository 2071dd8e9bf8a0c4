"""Run migrations on the connection that phbkit.records.database hands over."""

from alembic import context

from phbkit.records.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()
