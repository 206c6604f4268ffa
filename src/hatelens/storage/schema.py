"""The version of the tables, and the way from an older one: the steps in ``migrations/``."""

from __future__ import annotations

from sqlalchemy import Connection, func, inspect, literal_column, select, table

from hatelens.errors import StorageError

LATEST = "0002"
"""The version that this package knows: the last of the steps."""
TABLE = "hatelens_version"
STEPS = "hatelens.storage:migrations"
# Any number will do, but it has to be the same in every process.
LOCK = 0x68617465


def version(connection: Connection) -> str | None:
    """Return the version of the tables that are there; None where there are none."""
    if not inspect(connection).has_table(TABLE):
        return None
    return connection.execute(
        select(literal_column("version_num")).select_from(table(TABLE))
    ).scalar()


def upgrade(connection: Connection) -> None:
    """Make the tables, or change them to the latest version; others who want to do so wait.

    Raises:
        StorageError: the tables are of a version that this package does not know.
    """
    # Here, for it takes half a second and is needed only after an installation or an update.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    config = Config()
    config.set_main_option("script_location", STEPS)
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StorageError(
            "The database was made by a later version of hatelens; install that one."
        ) from error
