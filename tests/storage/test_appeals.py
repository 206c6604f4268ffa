"""Appeals: they come first, to somebody else, and end with a verdict."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any

import pytest
from sqlalchemy import func, select

from hatelens.errors import ConfigError
from hatelens.storage import appeals, audit, clock, erasure, reviews, tables, verdicts
from hatelens.storage.texts import Kept
from tests.storage.conftest import SPRING
from tests.storage.people import LEASE, MINUTE, claimed, queued
from tests.storage.test_verdicts import judge

LATER = SPRING + MINUTE


def found(database, appeal) -> Any:
    return appeals.find(database, appeal.id)


def opened(database, answer, **changed):
    given: dict[str, Any] = {"reason": "It was a quotation.", "key": "k1", "now": LATER} | changed
    return appeals.open_(database, answer.request, answer.place, **given)


def test_an_appeal_brings_the_item_back_to_another_reviewer_first_of_all(database, ledger):
    answer = queued(ledger)
    claimed(database, "anna")
    judge(database, answer.id)
    queued(ledger, 1.0)
    appeal = opened(database, answer)
    assert appeals.find(database, appeal.id) == appeal
    assert (appeal.state, appeal.key, appeal.answer) == ("open", "k1", answer.id)
    assert claimed(database, "anna").answer.id != answer.id
    item = claimed(database, "bert")
    assert (item.answer.id, item.origin) == (answer.id, "appeal")
    assert (item.appeal, item.reason) == (appeal.id, "It was a quotation.")


@pytest.mark.parametrize(
    ("decision", "side", "state"),
    [
        ("flag", False, "overturned"),
        ("flag", True, "upheld"),
        ("clear", True, "overturned"),
        ("clear", False, "upheld"),
        ("unsure", False, "overturned"),
        ("unsure", True, "upheld"),
        ("flag", None, "unclear"),
    ],
)
def test_a_verdict_settles_the_appeal(database, ledger, decision, side, state):
    answer = queued(ledger, decision=decision)
    appeal = opened(database, answer)
    claimed(database, "bert")
    made = judge(database, answer.id, "bert", side=side, now=LATER + 5)
    assert made.appeal == appeal.id
    end = found(database, appeal)
    assert (end.state, end.verdict, end.settled) == (state, made.id, LATER + 5)
    with database.read() as connection:
        rows = connection.execute(select(tables.events).order_by("time", "id")).all()
    kinds = {row.kind: (row.subject, json.loads(row.facts)) for row in rows}
    assert kinds["appeal.open"] == (appeal.id, {"answer": answer.id, "key": "k1"})
    assert kinds["appeal.settle"] == (appeal.id, {"state": state, "verdict": made.id})
    assert "quotation" not in str(rows)
    assert audit.verify(database).fault == ""


def test_an_answer_that_was_never_in_the_queue_can_be_appealed_against(database, ledger, answer):
    one = answer(text_hash="cd", place=3)
    ledger.write([one], [Kept("cd", b"sealed", None)]).result(30)
    appeal = opened(database, one)
    assert claimed(database, "anna").appeal == appeal.id


def test_who_looks_at_the_item_just_now_goes_on_with_the_appeal(database, ledger):
    answer = queued(ledger)
    claimed(database, "anna")
    appeal = opened(database, answer)
    assert claimed(database, "anna").appeal == appeal.id
    assert judge(database, answer.id).appeal == appeal.id


def test_who_has_judged_the_text_elsewhere_loses_the_item_to_another(database, ledger):
    one = queued(ledger, 0.9, text_hash="ab", community="forum")
    other = queued(ledger, 0.1, text_hash="ab", community="market")
    claimed(database, "anna")
    judge(database, one.id)
    claimed(database, "anna")
    opened(database, other)
    assert judge(database, other.id) is None
    assert reviews.claim(database, "anna", LATER, LEASE) is None
    assert claimed(database, "bert").answer.id == other.id


def test_a_second_appeal_goes_to_a_third_person(database, ledger):
    answer = queued(ledger)
    claimed(database, "anna")
    judge(database, answer.id)
    opened(database, answer)
    claimed(database, "bert")
    judge(database, answer.id, "bert")
    second = opened(database, answer)
    for judged in ("anna", "bert"):
        assert reviews.claim(database, judged, LATER, LEASE) is None
    assert claimed(database, "carl").appeal == second.id


def test_an_undone_verdict_opens_its_appeal_again(database, ledger):
    answer = queued(ledger)
    appeal = opened(database, answer)
    claimed(database, "bert")
    judge(database, answer.id, "bert")
    assert verdicts.undo(database, "bert", LATER) == answer.id
    assert appeals.find(database, appeal.id) == appeal
    assert claimed(database, "bert").appeal == appeal.id
    assert judge(database, answer.id, "bert", "kind", side=False).appeal == appeal.id
    assert found(database, appeal).state == "overturned"


def test_of_several_at_once_against_one_answer_one_is_opened(database, ledger):
    answer = queued(ledger)
    results = []

    def appeal():
        try:
            results.append(opened(database, answer).state)
        except appeals.TakenError as error:
            results.append(type(error).__name__)

    threads = [threading.Thread(target=appeal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == ["TakenError"] * 3 + ["open"]


@pytest.mark.parametrize(
    ("request_id", "place"),
    [("none", 0), ("", 0), ("a\x00\ud800" * 1000, 0), (None, 1), (None, -1), (None, 10**30)],
)
def test_what_is_not_on_record_cannot_be_appealed_against(database, ledger, request_id, place):
    answer = queued(ledger)
    asked = answer.request if request_id is None else request_id
    with pytest.raises(appeals.NotThereError, match="give the request's id"):
        appeals.open_(database, asked, place, reason="", key="", now=LATER)


def test_an_answer_whose_text_is_gone_cannot_be_appealed_against(database, ledger):
    answer = queued(ledger)
    erasure.erase(database, answer.text_hash)
    with pytest.raises(appeals.GoneError, match="is not stored"):
        opened(database, answer)


def test_a_reason_is_kept_as_any_database_can_and_not_without_end(database, ledger):
    answer = queued(ledger)
    with pytest.raises(ConfigError, match="The reason has 2001 characters"):
        opened(database, answer, reason="x" * 2001)
    assert opened(database, answer, reason="a\x00b\ud800<b>").reason == "a\\x00b\\ud800<b>"


def test_an_appeal_that_does_not_exist_is_not_found(database):
    assert appeals.find(database, "none") is None
    assert appeals.find(database, "\x00\ud800") is None


class Crowd:
    """Reviewers, appellants and those who erase, all at random."""

    def __init__(self, database, ledger):
        self.database, self.ledger = database, ledger
        self.answers = [queued(ledger, number / 40) for number in range(40)]
        self.faults: list[Exception] = []
        self.doings = (self.review, self.review, self.undo, self.skip, self.appeal, self.erase)

    def work(self, seed):
        chance, user, until = random.Random(seed), f"u{seed % 3}", time.monotonic() + 5
        while time.monotonic() < until and not self.faults:
            try:
                chance.choice(self.doings)(chance, user, clock.now())
            except (appeals.TakenError, appeals.GoneError):
                pass
            except Exception as error:  # noqa: BLE001 -- whatever it is, the test must name it
                self.faults.append(error)

    def review(self, chance, user, now):
        item = reviews.claim(self.database, user, now, chance.choice((1000, LEASE)))
        if item is not None and chance.random() < 0.8:
            judge(self.database, item.answer.id, user, now=now, side=chance.choice((True, None)))

    def undo(self, chance, user, now):
        verdicts.undo(self.database, user, now)

    def skip(self, chance, user, now):
        reviews.release(self.database, chance.choice(self.answers).id, user, now + MINUTE)

    def appeal(self, chance, user, now):
        opened(self.database, chance.choice(self.answers), now=now)

    def erase(self, chance, user, now):
        self.answers.append(queued(self.ledger, chance.random()))
        if chance.random() < 0.2:
            erasure.erase(self.database, chance.choice(self.answers).text_hash)


@pytest.mark.slow
def test_reviewers_appellants_and_those_who_erase_do_not_get_in_each_others_way(database, ledger):
    crowd = Crowd(database, ledger)
    threads = [threading.Thread(target=crowd.work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert crowd.faults == []
    assert audit.verify(database).fault == ""
    answer, leased = tables.appeals.c.answer, tables.reviews.c.state == "leased"
    twice = select(answer).where(tables.appeals.c.state == "open").group_by(answer)
    with database.read() as connection:
        assert not list(connection.execute(twice.having(func.count() > 1)))
        holders = connection.execute(select(tables.reviews.c.holder).where(leased)).scalars().all()
        given = connection.execute(select(func.count()).select_from(tables.verdicts)).scalar_one()
    assert len(holders) == len(set(holders))
    assert given > 10
