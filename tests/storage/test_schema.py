"""The tables and the steps that make them are one."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, insert, inspect, select, text

from hatelens.errors import StorageError
from hatelens.storage import chain, schema
from hatelens.storage import database as databases
from hatelens.storage.tables import facts, metadata


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


def test_a_record_of_the_first_version_is_brought_up_to_date_with_all_that_it_holds(database_url):
    engine = create_engine(database_url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", schema.STEPS)
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(insert(facts).values(name="kept", value="yes"))
    engine.dispose()
    opened = databases.opened(database_url)
    with opened.read() as connection:
        assert schema.version(connection) == schema.LATEST
        assert connection.execute(select(facts.c.value)).scalar_one() == "yes"
        assert inspect(connection).has_table("reviews")
    opened.close()


def test_what_was_reviewed_is_never_thrown_away(database_url):
    databases.opened(database_url).close()
    engine = create_engine(database_url)
    with engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", schema.STEPS)
        config.attributes["connection"] = connection
        with pytest.raises(NotImplementedError, match="part of the record"):
            command.downgrade(config, "0001")
    engine.dispose()


def test_tables_of_somebody_else_are_one_line(tmp_path, database_url):
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE keys (door TEXT)"))
    engine.dispose()
    with pytest.raises(StorageError, match="already exists"):
        databases.opened(database_url)
