"""Kept texts."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from hatelens.storage import tables, texts
from hatelens.storage.texts import Kept


def keep(database, *kept):
    with database.begin() as connection:
        texts.keep(connection, kept)


def until(database):
    with database.read() as connection:
        return connection.execute(select(tables.texts.c.until)).scalar_one()


def test_a_text_is_found_by_its_hash(database):
    keep(database, Kept("aa", b"\x00sealed\xff", 5))
    with database.read() as connection:
        assert texts.sealed(connection, "aa") == b"\x00sealed\xff"
        assert texts.sealed(connection, "bb") is None


@pytest.mark.parametrize(
    ("first", "second", "both"), [(5, 7, 7), (7, 5, 7), (None, 5, None), (5, None, None)]
)
def test_a_text_that_comes_again_is_kept_for_the_longer_time(database, first, second, both):
    keep(database, Kept("aa", b"1", first))
    keep(database, Kept("aa", b"2", second))
    assert until(database) == both


def test_one_text_may_come_several_times_at_once(database):
    keep(database, Kept("aa", b"1", 5), Kept("bb", b"2", 5), Kept("aa", b"1", 9))
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.texts)).scalar() == 2
        assert connection.execute(select(func.max(tables.texts.c.until))).scalar() == 9
