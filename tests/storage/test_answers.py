"""Answers on record, and back."""

from __future__ import annotations

import math

import pytest

from hatelens.storage import answers, audit

AWKWARD = "a\x00b\ud800c\x85d\n<b>'; DROP TABLE answers; --"


def test_an_answer_is_read_back_as_it_was_written(database, ledger, answer):
    texts = [answer(request="r", place=place, hateful=0.1 + place / 3) for place in (1, 0)]
    ledger.write([*texts, answer(request="another")]).result(30)
    assert answers.of_request(database, "r", since=texts[0].time) == texts[::-1]
    assert answers.of_request(database, "r", since=texts[0].time + 1) == []


def test_what_a_database_cannot_store_is_escaped_in_every_field(database, ledger, answer):
    names = ("request", "route", "key", "community", "model", "policy", "label", "language", "id")
    scores = {"scores": {AWKWARD: 0.5}, "attributes": {}, "targets": {}}
    ledger.write([answer(scores=scores, **dict.fromkeys(names, AWKWARD))]).result(30)
    (found,) = answers.of_request(database, AWKWARD, since=0)
    assert found.community == r"a\x00b\ud800c\x85d\n<b>'; DROP TABLE answers; --"
    assert found.scores["scores"] == {AWKWARD: 0.5}
    assert audit.verify(database).fault == ""


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_refused_before_it_reaches_the_database(ledger, answer, value):
    with pytest.raises(ValueError, match="not finite"):
        ledger.write([answer(hateful=value)])
    with pytest.raises(ValueError, match="not finite"):
        ledger.write([answer(scores={"scores": {"kind": value}})])


def test_a_negative_zero_does_not_break_the_chain(database, ledger, answer):
    ledger.write([answer(hateful=-0.0, latency=-0.0)]).result(30)
    assert audit.verify(database).fault == ""
