"""``hatelens audit verify``."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from hatelens.cli import main
from hatelens.errors import ConfigError, StorageError
from hatelens.storage import database as databases
from hatelens.storage import keys


@pytest.fixture
def url(tmp_path):
    """A record of two entries."""
    url = f"sqlite:///{tmp_path}/record.db"
    database = databases.opened(url)
    keys.add(database, "forum")
    keys.add(database, "blog")
    database.close()
    return url


def call(*arguments):
    return CliRunner().invoke(main.app, ["audit", "verify", *arguments])


def tamper(url, statement):
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    with connection:
        connection.execute(statement)
    connection.close()


def test_an_untouched_record_is_right_and_exits_0(url):
    done = call("--database", url)
    assert done.exit_code == 0
    first, second = done.stdout.splitlines()
    assert first == "All 2 entries are right."
    head = second.removeprefix("Head: ")
    assert call("--database", url, "--expected", head).exit_code == 0
    record = json.loads(call("--database", url, "--json").stdout)
    assert record == {"entries": 2, "fault": "", "seq": None, "head": head}


def test_a_changed_record_is_named_and_exits_1(url):
    tamper(url, "UPDATE events SET subject = 'other' WHERE facts LIKE '%blog%'")
    done = call("--database", url)
    assert done.exit_code == 1
    assert done.stdout.startswith("BROKEN. Entry 2: row '")
    assert done.stdout.endswith("was changed.\n1 entries before that are right.\n")
    record = json.loads(call("--database", url, "--json").stdout)
    assert (record["entries"], record["seq"]) == (1, 2)


def test_a_head_that_is_no_longer_there_exits_1(url):
    done = call("--database", url, "--expected", "1:" + "ab" * 32)
    assert done.exit_code == 1
    assert "Entry 1 is not the one that was written down." in done.stdout


def test_the_database_comes_from_the_environment_where_none_is_given(url, monkeypatch):
    monkeypatch.setenv("HATELENS_DATABASE", url)
    assert call().stdout.startswith("All 2 entries are right.")


@pytest.mark.parametrize("name", ["nowhere.db", "no/folder.db"])
def test_a_database_that_is_not_there_is_a_mistake_and_not_made(tmp_path, name):
    done = call("--database", f"sqlite:///{tmp_path}/{name}")
    assert isinstance(done.exception, StorageError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", ["\x00", "mysql://me:hidden@host/db"])
def test_a_url_or_a_head_that_cannot_be_is_a_mistake(url, wrong):
    for options in (["--database", wrong], ["--database", url, "--expected", wrong]):
        assert isinstance(call(*options).exception, ConfigError)


def test_help_needs_no_database_library():
    code = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "from typer.testing import CliRunner\n"
        "from hatelens.cli import main\n"
        "for words in (['audit', 'verify'], ['keys', 'add'], ['keys', 'list'], ['report']):\n"
        "    done = CliRunner().invoke(main.app, [*words, '--help'])\n"
        "    print(done.exit_code, 'Usage:' in done.stdout)\n"
        "print(repr(CliRunner().invoke(main.app, ['audit', 'verify']).exception))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *helped, failed = done.stdout.splitlines()
    assert helped == ["0 True"] * 4
    assert "MissingExtraError" in failed
    assert 'pip install "hatelens[serve]"' in failed
