"""The tables and the steps that make them are one."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from hatelens.errors import StorageError
from hatelens.storage import chain, schema
from hatelens.storage import database as databases
from hatelens.storage.tables import metadata


def test_the_steps_make_the_tables_that_the_code_knows(database):
    options = {"compare_type": True, "version_table": schema.TABLE}
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, schema.TABLE}


def test_a_new_database_has_the_latest_version_and_an_empty_chain(database):
    with database.read() as connection:
        assert schema.version(connection) == schema.LATEST
        assert chain.head(connection) == (0, chain.START)


def test_the_latest_version_is_the_last_step():
    config = Config()
    config.set_main_option("script_location", schema.STEPS)
    assert ScriptDirectory.from_config(config).get_current_head() == schema.LATEST


def test_a_database_of_a_later_version_is_left_alone(database, database_url):
    with database.begin() as connection:
        connection.execute(text(f"UPDATE {schema.TABLE} SET version_num = '9999'"))
    with pytest.raises(StorageError, match="made by a later version of hatelens"):
        databases.opened(database_url)
    with database.read() as connection:
        assert schema.version(connection) == "9999"


def test_tables_of_somebody_else_are_one_line(tmp_path, database_url):
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE keys (door TEXT)"))
    engine.dispose()
    with pytest.raises(StorageError, match="already exists"):
        databases.opened(database_url)
