"""Answers that people have judged, by the newest verdict of each."""

from __future__ import annotations

from hatelens.storage import judged, verdicts
from hatelens.storage.judged import Judged
from tests.storage.conftest import SPRING
from tests.storage.people import MINUTE, claimed, queued

LATER = SPRING + MINUTE


def judge(database, answer, *, side: bool | None, time: int = LATER, user: str = "anna"):
    claimed(database, user)
    label = "unkind" if side else "kind"
    given = verdicts.give(database, answer.id, user, label, note="", now=time, side=side)
    assert given is not None


def test_answers_are_listed_with_what_people_say_of_them(database, ledger):
    first = queued(ledger, hateful=0.8)
    judge(database, first, side=True)
    second = queued(ledger, hateful=0.6)
    judge(database, second, side=False, time=LATER + 1)
    model = first.model
    assert judged.listed(database, model, SPRING) == [
        Judged(0.6, False, "doubt"),
        Judged(0.8, True, "doubt"),
    ]
    assert judged.listed(database, model, LATER + 1) == [Judged(0.6, False, "doubt")]
    assert judged.listed(database, "another", SPRING) == []


def test_verdicts_without_a_side_and_those_taken_back_do_not_count(database, ledger):
    unclear = queued(ledger)
    judge(database, unclear, side=None)
    undone = queued(ledger)
    judge(database, undone, side=True)
    assert verdicts.undo(database, "anna", LATER + 1) == undone.id
    assert judged.listed(database, undone.model, SPRING) == []
