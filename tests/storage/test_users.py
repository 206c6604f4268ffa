"""Users and their passwords."""

from __future__ import annotations

import json
import statistics
import threading
import time

import pytest
from sqlalchemy import select

from hatelens.errors import ConfigError
from hatelens.storage import audit, sessions, tables, users
from tests.storage.people import PASSWORD, reviewer


def everything(database):
    with database.read() as connection:
        return str([connection.execute(select(one)).all() for one in (tables.users, tables.events)])


def test_a_user_is_found_by_name_and_password_which_is_stored_nowhere(database):
    made = users.add(database, "anna", PASSWORD, "admin")
    assert users.by_password(database, "anna", PASSWORD) == made
    assert (made.name, made.role, made.disabled) == ("anna", "admin", None)
    assert PASSWORD not in everything(database)
    assert "$argon2id$v=19$m=65536,t=3,p=4$" in everything(database)
    assert users.listed(database) == [made]
    assert users.names(database) == {made.id: "anna"}


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("anna", PASSWORD + " "),
        ("anna", PASSWORD.upper()),
        ("Anna", PASSWORD),
        ("anna", ""),
        ("anna", "x" * 10**6),
        ("anna", "\x00\ud800"),
        ("", PASSWORD),
        ("a\x00\ud800" * 1000, PASSWORD),
        ("' OR 1=1 --", PASSWORD),
    ],
)
def test_who_is_not_right_is_nobody(database, name, password):
    reviewer(database)
    assert users.by_password(database, name, password) is None


def test_two_users_with_one_password_have_different_hashes(database):
    reviewer(database, "anna")
    reviewer(database, "bert")
    with database.read() as connection:
        assert len(set(connection.execute(select(tables.users.c.digest)).scalars())) == 2


def test_a_password_may_be_typed_on_any_keyboard(database):
    users.add(database, "anna", "Zo\u0308lle fu\u0308r Zorblax", "reviewer")
    assert users.by_password(database, "anna", "Z\xf6lle f\xfcr Zorblax") is not None


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1025])
def test_a_password_that_is_too_short_or_too_long_is_one_line_without_it(database, password):
    with pytest.raises(ConfigError, match="it must have 12 to 1024") as raised:
        users.add(database, "anna", password, "reviewer")
    assert not password or password not in str(raised.value)
    assert users.listed(database) == []


@pytest.mark.parametrize("name", ["", " ", " anna", "a" * 65, "a\nb", "\ud800"])
def test_a_name_that_cannot_be_is_one_line(database, name):
    with pytest.raises(ConfigError, match="A user cannot be named") as raised:
        users.add(database, name, PASSWORD, "reviewer")
    assert str(raised.value).isprintable()


def test_a_role_that_does_not_exist_is_refused(database):
    with pytest.raises(ConfigError, match="did you mean 'reviewer'"):
        users.add(database, "anna", PASSWORD, "reviwer")


def test_a_name_is_never_given_twice_even_at_once(database):
    results = []

    def add():
        try:
            results.append(reviewer(database).name)
        except ConfigError as error:
            results.append(type(error).__name__)

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == ["ConfigError"] * 2 + ["anna"]
    users.disable(database, "anna")
    with pytest.raises(ConfigError, match="There is or was a user named 'anna'"):
        reviewer(database)


def test_a_disabled_user_is_out_at_once(database):
    token, _ = sessions.begin(database, reviewer(database), 1)
    assert users.disable(database, "anna")
    assert sessions.find(database, token) is None
    assert users.by_password(database, "anna", PASSWORD) is None
    assert not users.disable(database, "anna")
    assert not users.disable(database, "bert")
    (there,) = users.listed(database)
    assert there.disabled is not None
    assert there.disabled >= there.created


def test_a_new_password_ends_the_old_one_and_all_sessions(database):
    token, _ = sessions.begin(database, reviewer(database), 1)
    assert users.renew(database, "anna", "another long enough one")
    assert sessions.find(database, token) is None
    assert users.by_password(database, "anna", PASSWORD) is None
    assert users.by_password(database, "anna", "another long enough one") is not None
    assert not users.renew(database, "bert", "another long enough one")


def test_what_is_done_to_users_is_in_the_chain(database):
    made = reviewer(database)
    users.renew(database, "anna", "another long enough one")
    users.disable(database, "anna")
    with database.read() as connection:
        found = connection.execute(select(tables.events).order_by("time", "id")).all()
    assert [(one.kind, one.subject) for one in found] == [
        ("user.add", made.id), ("user.password", made.id), ("user.disable", made.id),
    ]  # fmt: skip
    assert json.loads(found[0].facts) == {"name": "anna", "role": "reviewer"}
    assert audit.verify(database).fault == ""


@pytest.mark.slow
def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password(database):
    reviewer(database)

    def took(name):
        users.by_password(database, name, "a wrong password")  # what is made once is made
        begin = time.perf_counter()
        users.by_password(database, name, "a wrong password")
        return time.perf_counter() - begin

    known, unknown = (statistics.median(took(name) for _ in range(5)) for name in ("anna", "bert"))
    assert 0.2 < known / unknown < 5
