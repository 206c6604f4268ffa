"""Erasing texts and old answers."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from hatelens.storage import audit, erasure, tables, texts
from hatelens.storage.texts import Kept
from tests.storage.conftest import SPRING


@pytest.fixture
def kept(database, ledger, answer):
    """Texts that are to go at 5, at 9, and never, with an answer each."""
    for text_hash, until in (("aa", 5), ("bb", 9), ("cc", None)):
        ledger.write([answer(text_hash=text_hash)], [Kept(text_hash, b"sealed", until)]).result(30)


def count(database, table):
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def noted(database):
    with database.read() as connection:
        rows = connection.execute(select(tables.events).order_by("time", "id")).all()
    return [(row.kind, row.subject, json.loads(row.facts)) for row in rows]


def test_an_erased_text_is_gone_and_its_answer_and_the_chain_are_not(database, kept):
    assert erasure.erase(database, "aa") == 1
    with database.read() as connection:
        assert texts.sealed(connection, "aa") is None
    assert count(database, tables.texts) == 2
    assert count(database, tables.answers) == 3
    assert noted(database) == [("text.erase", "aa", {"texts": 1})]
    assert audit.verify(database).entries == 4
    assert audit.verify(database).fault == ""


def test_erasing_again_or_what_never_was_does_nothing(database, kept):
    assert erasure.erase(database, "aa") == 1
    assert erasure.erase(database, "aa") == 0
    assert erasure.erase(database, "a\x00\ud800") == 0
    assert len(noted(database)) == 1


@pytest.mark.parametrize(("now", "erased"), [(4, 0), (5, 1), (100, 2)])
def test_texts_go_when_their_time_is_over_and_those_without_one_stay(database, kept, now, erased):
    assert erasure.expire(database, now) == erased
    assert count(database, tables.texts) == 3 - erased
    assert noted(database) == [("text.expire", "", {"texts": erased})] * bool(erased)
    assert audit.verify(database).fault == ""


def test_old_answers_go_in_parts_and_what_is_left_is_right(database, ledger, answer, monkeypatch):
    monkeypatch.setattr(erasure, "PART", 3)
    ledger.write([answer(time=SPRING + second) for second in range(20)]).result(30)
    assert erasure.forget(database, SPRING + 15) == 15
    assert count(database, tables.answers) == 5
    assert noted(database) == [("record.expire", "", {"before": SPRING + 15})]
    assert audit.verify(database).entries == 21
    assert audit.verify(database).fault == ""


def test_where_nothing_is_old_nothing_is_noted(database, kept):
    assert erasure.forget(database, SPRING) == 0
    assert noted(database) == []


def test_a_removal_that_is_stopped_half_way_leaves_the_chain_right(
    database, ledger, answer, monkeypatch
):
    monkeypatch.setattr(erasure, "PART", 3)
    ledger.write([answer() for _ in range(9)]).result(30)
    parts = iter([erasure._part])

    def stopping(*arguments):
        return next(parts)(*arguments)

    monkeypatch.setattr(erasure, "_part", stopping)
    with pytest.raises(StopIteration):
        erasure.forget(database, SPRING + 1)
    assert count(database, tables.answers) == 6
    assert audit.verify(database).fault == ""
