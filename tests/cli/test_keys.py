"""``hatelens keys``."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from hatelens.cli import main
from hatelens.errors import ConfigError, StorageError
from hatelens.storage import database as databases
from hatelens.storage import keys


@pytest.fixture
def url(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/record.db"
    monkeypatch.setenv("HATELENS_DATABASE", url)
    return url


def call(*arguments):
    return CliRunner().invoke(main.app, ["keys", *arguments])


def found(url, token):
    database = databases.opened(url, new=False)
    key = keys.find(database, token)
    database.close()
    return key


def test_a_key_is_printed_alone_so_that_a_script_can_take_it(url):
    done = call("add", "forum", "--scope", "detect", "--scope", "report", "--rate", "60")
    assert done.exit_code == 0
    token = done.stdout.strip()
    key = found(url, token)
    assert key is not None
    assert (key.name, key.scopes, key.rate) == ("forum", {"detect", "report"}, 60)
    assert done.stderr == f"Key {key.id} for detect, report; it is shown once:\n"


def test_without_a_scope_a_key_may_detect(url):
    made = json.loads(call("add", "forum", "--json").stdout)
    assert made["scopes"] == ["detect"]
    key = found(url, made["key"])
    assert key is not None
    assert key.id == made["id"]


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_key_is_revoked_by_name_or_id(url, by):
    made = json.loads(call("add", "forum", "--json").stdout)
    assert call("revoke", made[by]).stdout == f"{made['id']} is revoked.\n"
    assert found(url, made["key"]) is None
    again = call("revoke", made[by])
    assert isinstance(again.exception, ConfigError)


def test_keys_are_listed_without_their_tokens(url):
    token = call("add", "[red]forum", "--rate", "5").stdout.strip()
    call("add", "blog")
    call("revoke", "blog")
    listed = json.loads(call("list", "--json").stdout)
    assert [(key["name"], key["rate"], bool(key["revoked"])) for key in listed] == [
        ("[red]forum", 5, False), ("blog", 0, True),
    ]  # fmt: skip
    heading, first, second = call("list").stdout.splitlines()
    assert heading.split() == ["NAME", "ID", "SCOPES", "RATE", "CREATED", "REVOKED"]
    day = listed[0]["created"][:10]
    assert first.split() == ["[red]forum", listed[0]["id"], "detect", "5", day, "-"]
    assert second.split() == ["blog", listed[1]["id"], "detect", "-", day, day]
    assert token[3:] not in first + json.dumps(listed)


def test_mistakes_are_one_line(url):
    for arguments in (
        ("add", "forum", "--scope", "all"),
        ("add", ""),
        ("add", "x", "--rate", "-1"),
    ):
        assert isinstance(call(*arguments).exception, ConfigError)


def test_there_is_nothing_to_list_or_revoke_in_a_database_that_is_not_there(url, tmp_path):
    for arguments in (("list",), ("revoke", "forum")):
        assert isinstance(call(*arguments).exception, StorageError)
    assert list(tmp_path.iterdir()) == []
