"""Sessions."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from hatelens.storage import clock, sessions, tables
from tests.storage.people import reviewer


def test_a_session_is_found_by_its_token_which_is_stored_nowhere(database):
    anna = reviewer(database)
    token, made = sessions.begin(database, anna, 12)
    assert len(token) == 43
    assert sessions.find(database, token) == made
    assert made.user == anna
    assert abs(made.until - clock.now() - 12 * sessions.HOUR) < clock.SECOND * 60
    with database.read() as connection:
        assert token not in str(connection.execute(select(tables.sessions)).all())


def test_every_session_has_a_token_and_a_csrf_token_of_its_own(database):
    anna = reviewer(database)
    (first, one), (second, two) = (sessions.begin(database, anna, 1) for _ in range(2))
    assert len({first, second, one.csrf, two.csrf}) == 4
    assert sessions.find(database, first) == one


@pytest.mark.parametrize("wrong", ["", "x" * 43, "x" * 10**6, "\x00\ud800"])
def test_a_token_that_was_never_given_finds_nothing(database, wrong):
    sessions.begin(database, reviewer(database), 1)
    assert sessions.find(database, wrong) is None


def test_a_session_that_was_ended_is_over(database):
    anna = reviewer(database)
    (first, _), (second, _) = (sessions.begin(database, anna, 1) for _ in range(2))
    sessions.end(database, first)
    sessions.end(database, first)
    assert sessions.find(database, first) is None
    assert sessions.find(database, second) is not None


def test_a_session_is_over_when_its_time_is_and_the_next_login_removes_it(database):
    anna = reviewer(database)
    token, _ = sessions.begin(database, anna, 1)
    with database.begin() as connection:
        connection.execute(update(tables.sessions).values(until=clock.now() - 1))
    assert sessions.find(database, token) is None
    sessions.begin(database, anna, 1)
    with database.read() as connection:
        assert len(connection.execute(select(tables.sessions)).all()) == 1
