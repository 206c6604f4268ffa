"""``hatelens users``."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import Any

import pytest
from typer.testing import CliRunner

from hatelens.cli import main
from hatelens.errors import ConfigError, StorageError
from hatelens.storage import database as databases
from hatelens.storage import users

PASSWORD = "a calm horse counts Zorblaxians"


@pytest.fixture
def url(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/record.db"
    monkeypatch.setenv("HATELENS_DATABASE", url)
    return url


def call(*arguments, given=PASSWORD + "\n"):
    return CliRunner().invoke(main.app, ["users", *arguments], input=given)


def found(url, password=PASSWORD) -> Any:
    database = databases.opened(url, new=False)
    user = users.by_password(database, "anna", password)
    database.close()
    return user


def test_a_user_is_made_with_the_password_on_stdin(url):
    done = call("add", "anna", "--role", "admin", "--password-stdin")
    assert done.exit_code == 0
    assert done.stdout == "anna may log in as admin.\n"
    assert found(url).role == "admin"


def test_a_user_is_shown_as_json_without_a_password(url):
    made = json.loads(call("add", "anna", "--password-stdin", "--json").stdout)
    assert list(made) == ["id", "name", "role", "created", "disabled"]
    assert (made["role"], made["disabled"]) == ("reviewer", None)


def test_a_password_is_changed_and_a_user_disabled(url):
    call("add", "anna", "--password-stdin")
    done = call("password", "anna", "--password-stdin", given="another long enough one\n")
    assert done.stdout == "anna has another password.\n"
    assert found(url) is None
    assert found(url, "another long enough one") is not None
    assert call("disable", "anna").stdout == "anna is disabled.\n"
    assert found(url, "another long enough one") is None


@pytest.mark.parametrize("command", [("disable",), ("password", "--password-stdin")])
def test_who_does_not_exist_is_one_line(url, command):
    call("add", "anna", "--password-stdin")
    done = call(*command, "bert")
    assert isinstance(done.exception, ConfigError)
    assert "No user who may log in is named 'bert'" in str(done.exception)


def test_users_are_listed_disabled_ones_too(url):
    call("add", "anna", "--password-stdin")
    call("add", "bert", "--role", "admin", "--password-stdin")
    call("disable", "anna")
    lines = call("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["NAME", "anna", "bert"]
    assert lines[2].endswith("-")
    assert not lines[1].endswith("-")
    assert [one["name"] for one in json.loads(call("list", "--json").stdout)] == ["anna", "bert"]


@pytest.mark.parametrize(
    ("arguments", "given", "line"),
    [
        (("add", "anna", "--password-stdin"), "short\n", "The password has 5 characters"),
        (("add", "anna", "--password-stdin"), "", "The password has 0 characters"),
        (("add", "anna"), "", "give --password-stdin"),
        (("add", "anna", "--role", "boss", "--password-stdin"), PASSWORD, "No role named 'boss'"),
    ],
)
def test_what_cannot_be_is_one_line(url, arguments, given, line):
    done = call(*arguments, given=given)
    assert isinstance(done.exception, ConfigError)
    assert line in str(done.exception)


def test_only_add_makes_a_database(url):
    assert isinstance(call("list").exception, StorageError)
    assert isinstance(call("disable", "anna").exception, StorageError)


@pytest.mark.slow
@pytest.mark.parametrize("second", [PASSWORD, "something else entirely"])
def test_at_a_terminal_the_password_is_asked_for_twice_and_never_shown(url, tmp_path, second):
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from hatelens.cli.main import run; run()", "users", "add", "anna"],
        stdin=end, stdout=end, stderr=end, cwd=tmp_path, start_new_session=True,
    )  # fmt: skip
    os.close(end)
    said = b""
    for typed in (PASSWORD, second):
        while not said.endswith(b": "):
            said += os.read(terminal, 1024)
        os.write(terminal, typed.encode() + b"\n")
        said += b"|"
    try:
        while part := os.read(terminal, 1024):
            said += part
    except OSError:  # its other end is closed
        pass
    status = process.wait(60)
    assert PASSWORD.encode() not in said
    if second == PASSWORD:
        assert status == 0
        assert found(url) is not None
    else:
        assert status == 2
        assert b"The two passwords differ" in said
