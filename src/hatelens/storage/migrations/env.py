"""Runs the steps on the connection that ``schema.upgrade`` holds, inside its transaction."""

from __future__ import annotations

from alembic import context

from hatelens.storage.schema import TABLE
from hatelens.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=TABLE,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
