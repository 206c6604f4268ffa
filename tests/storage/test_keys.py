"""API keys."""

from __future__ import annotations

import re
import threading

import pytest
from sqlalchemy import select, update

from hatelens.errors import ConfigError
from hatelens.storage import audit, keys, tables


def everything(database):
    with database.read() as connection:
        return str([connection.execute(select(one)).all() for one in (tables.keys, tables.events)])


def test_a_key_is_found_by_its_token_which_is_stored_nowhere(database):
    made, token = keys.add(database, "forum", ["detect", "report"], rate=60)
    assert re.fullmatch(r"hl_[A-Za-z0-9_-]{43}", token)
    assert keys.find(database, token) == made
    assert (made.name, made.rate, made.revoked) == ("forum", 60, None)
    assert made.scopes == {"detect", "report"}
    assert token not in everything(database)
    assert token[3:] not in everything(database)


@pytest.mark.parametrize("wrong", ["", "hl_", "hl_" + "x" * 43, "x" * 10**6, "hl_\x00\ud800"])
def test_a_token_that_was_never_given_finds_nothing(database, wrong):
    keys.add(database, "forum")
    assert keys.find(database, wrong) is None


def test_a_token_with_one_other_letter_finds_nothing(database):
    _, token = keys.add(database, "forum")
    assert keys.find(database, token[:-1] + ("a" if token[-1] != "a" else "b")) is None
    assert keys.find(database, token + " ") is None


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_revoked_key_is_found_no_more_but_listed(database, by):
    made, token = keys.add(database, "forum")
    ended = keys.revoke(database, getattr(made, by))
    assert ended.id == made.id
    assert ended.revoked is not None
    assert ended.revoked >= made.created
    assert keys.find(database, token) is None
    assert keys.listed(database) == [ended]
    with pytest.raises(ConfigError, match="No key that is good has the name or id 'forum'"):
        keys.revoke(database, "forum")


def test_a_name_is_free_again_once_its_key_is_revoked(database):
    first, _ = keys.add(database, "forum")
    with pytest.raises(ConfigError, match="There is a key named 'forum' already"):
        keys.add(database, "forum")
    keys.revoke(database, "forum")
    second, token = keys.add(database, "forum")
    assert keys.find(database, token) == second
    assert [key.id for key in keys.listed(database)] == [first.id, second.id]


def test_of_two_who_want_one_name_at_once_one_gets_it(database):
    results = []

    def add():
        try:
            results.append(keys.add(database, "forum")[0].name)
        except ConfigError as error:
            results.append(type(error).__name__)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == ["ConfigError"] * 3 + ["forum"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 129, "a\nb", "a\x00", "\ud800"])
def test_a_name_that_cannot_be_is_one_line(database, name):
    with pytest.raises(ConfigError, match="A key cannot be named") as raised:
        keys.add(database, name)
    assert len(str(raised.value)) < 150


@pytest.mark.parametrize(
    ("scopes", "line"),
    [
        (["detct"], "did you mean 'detect'?"),
        ([], "A key needs a scope."),
        (["a\x00\ud800"], "No scope named"),
        ([""], "No scope named"),
    ],
)
def test_a_scope_that_does_not_exist_is_refused(database, scopes, line):
    with pytest.raises(ConfigError) as raised:
        keys.add(database, "forum", scopes)
    assert line in str(raised.value)
    assert str(raised.value).isprintable()
    assert keys.listed(database) == []


@pytest.mark.parametrize("rate", [-1, 10**30])
def test_a_rate_out_of_bounds_is_refused(database, rate):
    with pytest.raises(ConfigError, match="it must be 0 to 1000000 requests a minute"):
        keys.add(database, "forum", rate=rate)


def test_what_is_done_to_keys_is_in_the_chain(database):
    made, _ = keys.add(database, "forum", ["report", "detect"])
    keys.revoke(database, "forum")
    with database.read() as connection:
        found = connection.execute(select(tables.events).order_by("time")).all()
    assert [(one.kind, one.subject) for one in found] == [
        ("key.add", made.id), ("key.revoke", made.id),
    ]  # fmt: skip
    assert found[0].facts == '{"name":"forum","rate":0,"scopes":"detect,report"}'
    assert audit.verify(database).entries == 2
    with database.begin() as connection:
        connection.execute(update(tables.events).values(subject="other"))
    assert audit.verify(database).seq == 1


def test_a_key_in_json_has_no_digest_and_readable_times(database):
    made, _ = keys.add(database, "forum")
    assert list(made.to_dict()) == ["id", "name", "scopes", "rate", "created", "revoked"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made.to_dict()["created"])
    assert keys.revoke(database, "forum").to_dict()["revoked"] >= made.to_dict()["created"]
