"""Opening a database, and what its transactions promise."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, select, text

from hatelens.errors import ConfigError, StorageError
from hatelens.storage import database as databases
from hatelens.storage.database import RefusedError
from hatelens.storage.tables import facts


def names(database):
    with database.read() as connection:
        return connection.execute(select(facts.c.name).order_by("name")).scalars().all()


def write(database, name):
    with database.begin() as connection:
        connection.execute(insert(facts).values(name=name, value=""))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hatelens.db",
        "mysql://me:hidden@host/db",
        "sqlite+aiosqlite:///hidden.db",
        "postgresql://me:hidden@host:port/db",
        "\x00\ud800://hidden",
    ],
)
def test_a_url_that_cannot_be_used_is_one_line_that_does_not_show_it(url):
    with pytest.raises(ConfigError, match="The database is no URL that can be used; give") as line:
        databases.opened(url)
    assert "hidden" not in str(line.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:a?uri=true"])
def test_a_database_in_memory_is_refused(url):
    with pytest.raises(ConfigError, match="in memory forgets the record"):
        databases.opened(url)


def test_the_file_is_for_its_owner_only(tmp_path):
    databases.opened(f"sqlite:///{tmp_path}/record.db").close()
    assert stat.S_IMODE((tmp_path / "record.db").stat().st_mode) == 0o600


def test_what_is_written_is_there_and_what_fails_is_not(database):
    write(database, "one")
    with suppress(KeyError), database.begin() as connection:
        connection.execute(insert(facts).values(name="two", value=""))
        raise KeyError
    assert names(database) == ["one"]


def test_a_row_that_breaks_a_rule_is_refused_without_showing_values(database):
    write(database, "private")
    with pytest.raises(RefusedError, match="refuses a row") as raised:
        write(database, "private")
    assert "private" not in str(raised.value)
    write(database, "another")
    assert names(database) == ["another", "private"]


def test_a_reader_sees_one_state_whatever_others_write_meanwhile(database):
    write(database, "before")
    count = text("SELECT count(*) FROM facts")
    with database.read() as connection:
        assert connection.execute(count).scalar() == 1
        write(database, "meanwhile")
        assert connection.execute(count).scalar() == 1
    assert names(database) == ["before", "meanwhile"]


def test_an_acknowledged_commit_is_on_the_disk(database):
    wanted = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
    with database.begin() as connection:
        found = connection.execute(text(wanted[connection.dialect.name])).scalar()
    assert found in {2, "on"}  # 2 is FULL


def test_an_sqlite_file_can_be_read_while_it_is_written(tmp_path):
    databases.opened(f"sqlite:///{tmp_path}/record.db").close()
    with sqlite3.connect(tmp_path / "record.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_opening_again_changes_nothing(database, database_url):
    write(database, "one")
    again = databases.opened(database_url)
    assert names(again) == ["one"]
    again.close()


def test_an_empty_database_is_no_record_where_one_is_to_be_read(database_url, tmp_path):
    with pytest.raises(StorageError):
        databases.opened(database_url, new=False)
    assert list(tmp_path.glob("record.db")) == []


def test_an_sqlite_file_without_our_tables_is_no_record(tmp_path):
    (tmp_path / "empty.db").touch()
    with pytest.raises(StorageError, match="There is no record in sqlite:///"):
        databases.opened(f"sqlite:///{tmp_path}/empty.db", new=False)


@pytest.mark.parametrize("name", ["nowhere/record.db", ".", "text.db", "a\x00b"])
def test_a_file_that_cannot_be_used_is_one_line(tmp_path, name):
    (tmp_path / "text.db").write_text("This is no database. " * 99, encoding="utf-8")
    with pytest.raises(StorageError, match=r"cannot be used: .+ Check that it is there") as raised:
        databases.opened(f"sqlite:///{tmp_path}/{name}")
    assert "\n" not in str(raised.value)


def test_a_server_that_does_not_answer_is_one_line_without_the_password(tmp_path):
    url = f"postgresql://me:hidden@/db?host={tmp_path}&password=hidden"
    with pytest.raises(StorageError, match="cannot be used: connection is bad") as raised:
        databases.opened(url)
    assert "hidden" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_database_that_is_gone_later_is_one_line(tmp_path):
    database = databases.opened(f"sqlite:///{tmp_path}/record.db")
    with database.begin() as connection:
        connection.execute(text("DROP TABLE facts"))
    with pytest.raises(StorageError, match="no such table: facts"):
        write(database, "one")
    database.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_that_the_server_has_ended_is_made_anew(database, database_url):
    write(database, "before")
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    engine = create_engine(database_url)
    with engine.connect() as connection:
        ended = connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}")).scalars()
        assert set(ended) == {True}
    engine.dispose()
    write(database, "after")
    assert names(database) == ["after", "before"]


def test_the_url_is_shown_without_a_password(database):
    assert re.match("(sqlite|postgresql)://", database.url)
    hidden = databases._shown(databases._read("postgres://me:hidden@h/db?sslpassword=hidden"))
    assert hidden == "postgresql://me:***@h/db"


def test_several_processes_may_open_a_new_database_at_once(database_url):
    code = "import sys; from hatelens.storage import database; database.opened(sys.argv[1])"
    line = [sys.executable, "-c", code, database_url]
    started = [subprocess.Popen(line, stderr=subprocess.PIPE) for _ in range(3)]
    assert [(one.communicate()[1], one.returncode) for one in started] == [(b"", 0)] * 3
    database = databases.opened(database_url, new=False)
    assert names(database) == []
    database.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours_is_one_line(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="Permission denied"):
        databases.opened(f"sqlite:///{tmp_path}/record.db")
