"""Alembic's entry, on the connection that was handed over: no ini file, and nobody's logging is rearranged."""

from alembic import context

from bot.store import records_schema, staff_schema  # noqa: F401 - their tables belong to the metadata
from bot.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",  # SQLite cannot alter most of a table, only rebuild it
)
with context.begin_transaction():
    context.run_migrations()
