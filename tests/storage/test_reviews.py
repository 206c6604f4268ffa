"""The queue: its order, who gets what, and what comes back."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, func, select, update

from hatelens.storage import appeals, audit, erasure, reviews, settling, tables, texts, verdicts
from hatelens.storage.reviews import Counts, Waiting
from hatelens.storage.texts import Kept
from tests.storage.conftest import SPRING
from tests.storage.people import LEASE, MINUTE, claimed, queued


def states(database):
    with database.read() as connection:
        rows = connection.execute(select(tables.reviews.c.answer, tables.reviews.c.state))
        return {row[0]: row[1] for row in rows}


def remove(database, answer):
    """Remove a text as somebody might who does not tell the queue."""
    with database.begin() as connection:
        gone = tables.texts.c.text_hash == answer.text_hash
        connection.execute(delete(tables.texts).where(gone))


def test_the_most_pressing_item_comes_first_and_of_equals_the_oldest(database, ledger):
    late, low, early = (
        queued(ledger, priority, time=SPRING + second)
        for priority, second in ((0.9, 2), (0.1, 0), (0.9, 1))
    )
    order = [claimed(database, user).answer.id for user in ("u1", "u2", "u3")]
    assert order == [early.id, late.id, low.id]
    assert reviews.claim(database, "u4", SPRING, LEASE) is None


def test_an_item_has_its_answer_its_sealed_text_and_its_time(database, ledger):
    answer = queued(ledger, 0.7)
    item = claimed(database, "anna")
    assert item.answer == answer
    assert item.text == b"sealed " + answer.id.encode()
    assert (item.priority, item.origin, item.appeal, item.reason) == (0.7, "doubt", "", "")
    assert (item.lease, item.claimed) == (SPRING + LEASE, SPRING)


def test_who_asks_again_gets_the_same_item_for_longer(database, ledger):
    queued(ledger)
    queued(ledger)
    first = claimed(database, "anna")
    again = claimed(database, "anna", SPRING + MINUTE)
    assert again.answer == first.answer
    assert (again.lease, again.claimed) == (SPRING + MINUTE + LEASE, SPRING)


def test_an_item_that_its_reviewer_has_left_comes_back(database, ledger):
    answer = queued(ledger)
    claimed(database, "anna")
    assert reviews.claim(database, "bert", SPRING + LEASE, LEASE) is None
    item = claimed(database, "bert", SPRING + LEASE + 1)
    assert item.answer.id == answer.id
    assert item.claimed == SPRING + LEASE + 1
    assert reviews.claim(database, "anna", SPRING + LEASE + 2, LEASE) is None


def test_a_renewed_item_stays_and_another_user_cannot_renew_it(database, ledger):
    answer = queued(ledger)
    claimed(database, "anna")
    assert reviews.renew(database, answer.id, "anna", SPRING + 3 * LEASE)
    assert not reviews.renew(database, answer.id, "bert", SPRING + 9 * LEASE)
    assert not reviews.renew(database, "none", "anna", SPRING)
    assert reviews.claim(database, "bert", SPRING + 2 * LEASE, LEASE) is None


def test_an_item_that_is_given_back_is_anyones(database, ledger):
    answer = queued(ledger)
    claimed(database, "anna")
    assert not reviews.release(database, answer.id, "bert")
    assert reviews.release(database, answer.id, "anna")
    assert not reviews.release(database, answer.id, "anna")
    assert claimed(database, "anna").answer.id == answer.id


def test_a_skipped_item_comes_after_all_others_but_another_gets_it_at_once(database, ledger):
    first, second = queued(ledger, 0.9), queued(ledger, 0.1)
    claimed(database, "anna")
    assert reviews.release(database, first.id, "anna", SPRING + MINUTE)
    assert claimed(database, "anna").answer.id == second.id
    assert claimed(database, "bert").answer.id == first.id
    assert reviews.release(database, first.id, "bert", SPRING + MINUTE)
    assert reviews.release(database, second.id, "anna", SPRING + MINUTE)
    assert claimed(database, "bert").answer.id == second.id
    assert claimed(database, "carl").answer.id == first.id
    assert reviews.release(database, first.id, "carl", SPRING + MINUTE)
    assert claimed(database, "carl").answer.id == first.id  # nothing else is left for him


def test_a_skipped_item_is_in_its_place_again_when_its_time_is_over(database, ledger):
    first, _ = queued(ledger, 0.9), queued(ledger, 0.1)
    claimed(database, "anna")
    reviews.release(database, first.id, "anna", SPRING + MINUTE)
    assert claimed(database, "anna", SPRING + MINUTE).answer.id == first.id


def test_many_reviewers_at_once_never_get_the_same_item(database, ledger):
    for _ in range(12):
        queued(ledger)
    found: list[str] = []

    def work(user):
        for _ in range(2):
            item = claimed(database, user)
            found.append(item.answer.id)
            with database.begin() as connection:
                connection.execute(
                    update(tables.reviews)
                    .where(tables.reviews.c.answer == item.answer.id)
                    .values(state="done")
                )

    threads = [threading.Thread(target=work, args=(f"u{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == len(set(found)) == 12


def test_the_same_text_of_a_community_waits_once_and_is_not_asked_for_again(database, ledger):
    one = queued(ledger, text_hash="ab", community="forum")
    queued(ledger, text_hash="ab", community="forum")
    other = queued(ledger, text_hash="ab", community="market")
    assert set(states(database)) == {one.id, other.id}
    with database.begin() as connection:
        connection.execute(update(tables.reviews).values(state="done"))
    queued(ledger, text_hash="ab", community="forum")
    assert set(states(database)) == {one.id, other.id}


def test_two_like_texts_of_one_request_wait_once(database):
    with database.begin() as connection:
        reviews.add(connection, [Waiting(name, SPRING, "ab", "", 0.5) for name in ("a1", "a2")])
        reviews.add(connection, [])
    assert states(database) == {"a1": "waiting"}


def test_items_whose_text_is_erased_lapse_and_may_come_again(database, ledger):
    gone = [queued(ledger, 0.9, text_hash=f"{number}") for number in range(5)]
    there = queued(ledger, 0.1)
    for one in gone:
        remove(database, one)
    assert claimed(database, "anna").answer.id == there.id
    assert states(database) == dict.fromkeys([one.id for one in gone], "lapsed") | {
        there.id: "leased"
    }
    again = queued(ledger, text_hash="0")
    assert claimed(database, "bert").answer.id == again.id


def test_items_whose_answer_is_gone_lapse(database, ledger):
    queued(ledger)
    erasure.forget(database, SPRING + 1)
    assert reviews.claim(database, "anna", SPRING, LEASE) is None
    assert reviews.counts(database, SPRING) == Counts(lapsed=1)


def test_an_appeal_against_an_erased_text_lapses_on_record(database, ledger):
    answer = queued(ledger)
    appeal = appeals.open_(database, answer.request, 0, reason="", key="", now=SPRING)
    remove(database, answer)
    assert settling.lapse(database, SPRING + 5) == 1
    assert settling.lapse(database, SPRING + 6) == 0
    found = appeals.find(database, appeal.id)
    assert found is not None
    assert (found.state, found.settled, found.verdict) == ("lapsed", SPRING + 5, "")
    with database.read() as connection:
        kinds = connection.execute(select(tables.events.c.kind).order_by("time", "id")).scalars()
        assert "appeal.settle" in list(kinds)
    assert audit.verify(database).fault == ""


@pytest.mark.parametrize("way", ["erase", "expire"])
def test_with_a_text_goes_its_item_and_what_was_said_about_it(database, ledger, way):
    answers = [queued(ledger, 1 - number / 10) for number in range(3)]
    for number, answer in enumerate(answers[:2]):
        claimed(database, "anna")
        given = {"note": f"note {number}", "now": SPRING, "side": True}
        verdicts.give(database, answer.id, "anna", "unkind", **given)
    for answer in answers:
        appeals.open_(database, answer.request, 0, reason="a reason", key="", now=SPRING)
    if way == "erase":
        assert [erasure.erase(database, answers[number].text_hash) for number in (0, 2)] == [1, 1]
    else:
        going = tables.texts.c.text_hash != answers[1].text_hash
        with database.begin() as connection:
            connection.execute(update(tables.texts).where(going).values(until=SPRING))
        assert erasure.expire(database, SPRING) == 2
    assert reviews.counts(database, SPRING) == Counts(waiting=1, lapsed=2, appeals=1)
    with database.read() as connection:
        notes = select(tables.verdicts.c.note).order_by(tables.verdicts.c.note)
        reasons = select(tables.appeals.c.reason, tables.appeals.c.state)
        assert list(connection.execute(notes).scalars()) == ["", "note 1"]
        found = sorted(tuple(row) for row in connection.execute(reasons))
    assert found == [("", "lapsed"), ("", "lapsed"), ("a reason", "open")]
    assert audit.verify(database).fault == ""


def test_items_are_counted_by_state_and_a_lease_that_is_over_waits(database, ledger):
    answers = [queued(ledger) for _ in range(4)]
    claimed(database, "anna")
    claimed(database, "bert", SPRING + MINUTE)
    appeals.open_(database, answers[3].request, 0, reason="", key="", now=SPRING)
    assert reviews.counts(database, SPRING) == Counts(waiting=2, leased=2, appeals=1)
    later = SPRING + LEASE + 1
    assert reviews.counts(database, later) == Counts(waiting=3, leased=1, appeals=1)


def test_an_item_goes_on_record_with_its_answer_or_not_at_all(database, ledger, answer):
    wrong = answer(decision="flag")
    ledger.write([wrong]).result(30)
    twice = Waiting(wrong.id, SPRING, "cd", "", 0.5)
    with pytest.raises(Exception, match="refuses a row"):
        ledger.write([wrong], [Kept("cd", b"x", None)], [twice]).result(30)
    assert states(database) == {}
    with database.read() as connection:
        assert texts.sealed(connection, "cd") is None
        count = select(func.count()).select_from(tables.answers)
        assert connection.execute(count).scalar_one() == 1


@pytest.mark.parametrize(
    ("hateful", "harm", "expected"),
    [(0.5, 0.5, 0.75), (0.7, 0.0, 0.5), (0.3, 0.0, 0.5), (1.0, 1.0, 0.5), (0.0, 0.0, 0.0)],
)
def test_priority_is_the_mean_of_doubt_and_harm(hateful, harm, expected):
    assert reviews.priority(hateful, 0.7, 0.3, harm) == pytest.approx(expected)


def test_priority_falls_from_the_thresholds_to_the_ends_and_stays_within_0_and_1():
    scores = [number / 100 for number in range(101)]
    for flag, clear in ((0.7, 0.3), (0.5, 0.5), (1.0, 0.0), (0.05, 0.05), (1.0, 1.0)):
        doubts = [reviews.priority(score, flag, clear) for score in scores]
        assert all(0 <= doubt <= 0.5 for doubt in doubts)
        above = [one for score, one in zip(scores, doubts, strict=True) if score >= flag]
        below = [one for score, one in zip(scores, doubts, strict=True) if score < clear]
        assert above == sorted(above, reverse=True)
        assert below == sorted(below)
