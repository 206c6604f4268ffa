"""Verdicts: given, taken back, and what they settle."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from sqlalchemy import select

from hatelens.errors import ConfigError
from hatelens.storage import appeals, audit, erasure, reviews, tables, verdicts
from hatelens.storage.reviews import Counts
from hatelens.storage.verdicts import Agreement
from tests.storage.conftest import SPRING
from tests.storage.people import LEASE, MINUTE, claimed, queued

LATER = SPRING + MINUTE


def judge(database, answer, user="anna", label="unkind", **changed) -> Any:
    given: dict[str, Any] = {"note": "", "now": LATER, "side": True} | changed
    return verdicts.give(database, answer, user, label, **given)


def events(database):
    with database.read() as connection:
        rows = connection.execute(select(tables.events).order_by("time", "id")).all()
    return [(row.kind, row.subject, json.loads(row.facts)) for row in rows]


def test_a_verdict_is_on_record_with_the_time_that_it_took(database, ledger):
    answer = queued(ledger)
    claimed(database, "anna")
    made = judge(database, answer.id, note="Rude, \x00 but \ud800 fine.")
    assert made is not None
    assert (made.answer, made.text_hash, made.reviewer) == (answer.id, answer.text_hash, "anna")
    assert (made.label, made.side, made.seconds, made.appeal) == ("unkind", "hateful", 60.0, "")
    assert made.note == "Rude, \\x00 but \\ud800 fine."
    assert verdicts.latest(database) == [(made, answer)]
    assert reviews.counts(database, LATER) == Counts(done=1)
    facts = {"answer": answer.id, "label": "unkind", "side": "hateful", "reviewer": "anna"}
    assert events(database) == [("review.verdict", made.id, facts)]
    assert audit.verify(database).fault == ""


def test_only_who_holds_the_item_can_judge_it_and_only_once(database, ledger):
    answer = queued(ledger)
    assert judge(database, answer.id) is None
    claimed(database, "anna")
    assert judge(database, answer.id, "bert") is None
    assert judge(database, "none") is None
    assert judge(database, answer.id) is not None
    assert judge(database, answer.id) is None
    assert len(verdicts.latest(database)) == 1


def test_who_comes_late_may_judge_while_nobody_else_has_the_item(database, ledger):
    answer = queued(ledger)
    claimed(database, "anna")
    assert judge(database, answer.id, now=SPRING + 2 * LEASE) is not None
    other = queued(ledger)
    claimed(database, "anna")
    claimed(database, "bert", SPRING + 2 * LEASE)
    assert judge(database, other.id, now=SPRING + 2 * LEASE) is None


def test_the_same_item_judged_by_several_at_once_has_one_verdict(database, ledger):
    answer = queued(ledger)
    claimed(database, "anna")
    made = []
    threads = [
        threading.Thread(target=lambda: made.append(judge(database, answer.id))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(one is not None for one in made) == 1
    assert len(made) == 4
    assert audit.verify(database).fault == ""


@pytest.mark.parametrize(("side", "named"), [(True, "hateful"), (False, "not hateful"), (None, "")])
def test_a_verdict_says_which_side_it_takes(database, ledger, side, named):
    answer = queued(ledger)
    claimed(database, "anna")
    assert judge(database, answer.id, side=side).side == named


def test_a_note_that_is_too_long_is_one_line(database, ledger):
    answer = queued(ledger)
    claimed(database, "anna")
    with pytest.raises(ConfigError, match="The note has 2001 characters; it must have at most"):
        judge(database, answer.id, note="x" * 2001)
    assert judge(database, answer.id, note="x" * 2000) is not None


def test_an_undone_verdict_counts_no_more_and_the_item_is_its_reviewers_again(database, ledger):
    first, second = queued(ledger, 0.9), queued(ledger, 0.1)
    claimed(database, "anna")
    made = judge(database, first.id)
    assert claimed(database, "anna", LATER).answer.id == second.id
    assert verdicts.undo(database, "anna", LATER) == first.id
    assert verdicts.latest(database) == []
    assert claimed(database, "anna", LATER).answer.id == first.id
    assert claimed(database, "bert", LATER).answer.id == second.id
    assert judge(database, first.id, label="kind", side=False, now=LATER + MINUTE).seconds == 60
    assert events(database)[1] == ("review.undo", made.id, {"answer": first.id, "appeal": ""})
    assert audit.verify(database).fault == ""


def test_verdicts_are_undone_one_after_another_the_last_first(database, ledger):
    answers = [queued(ledger, 1 - number / 10) for number in range(3)]
    for number, answer in enumerate(answers):
        claimed(database, "anna")
        judge(database, answer.id, now=LATER + number)
    undone = [verdicts.undo(database, "anna", LATER + MINUTE) for _ in range(4)]
    assert undone == [answers[2].id, answers[1].id, answers[0].id, None]


def test_only_a_verdict_of_ones_own_of_the_last_half_hour_can_be_undone(database, ledger):
    answer = queued(ledger)
    claimed(database, "anna")
    judge(database, answer.id)
    assert verdicts.undo(database, "bert", LATER) is None
    assert verdicts.undo(database, "anna", LATER + 31 * MINUTE) is None
    assert verdicts.undo(database, "anna", LATER + 29 * MINUTE) == answer.id


def test_a_verdict_that_was_appealed_against_cannot_be_undone(database, ledger):
    answer = queued(ledger)
    claimed(database, "anna")
    judge(database, answer.id)
    appeals.open_(database, answer.request, 0, reason="", key="", now=LATER)
    assert verdicts.undo(database, "anna", LATER) is None


def test_model_and_reviewers_are_compared_by_label(database, ledger):
    for label, given in (("unkind", "unkind"), ("unkind", "kind"), ("kind", "kind")):
        answer = queued(ledger, label=label)
        claimed(database, "anna")
        judge(database, answer.id, label=given)
    assert verdicts.agreement(database) == [Agreement("kind", 2, 1), Agreement("unkind", 1, 1)]
    assert verdicts.agreement(database, LATER + 1) == []


def test_the_last_verdicts_stand_there_without_answers_that_are_gone(database, ledger):
    for number in range(3):
        answer = queued(ledger, time=SPRING + number)
        claimed(database, "anna")
        judge(database, answer.id, now=LATER + number)
    erasure.forget(database, SPRING + 1)
    found = verdicts.latest(database, 2)
    assert [one.time for one, _ in found] == [LATER + 2, LATER + 1]
    assert [about is None for _, about in verdicts.latest(database)] == [False, False, True]
