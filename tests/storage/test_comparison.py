"""A model in the shadow beside what was answered."""

from __future__ import annotations

import json

import pytest

from hatelens.storage import clock, comparison, erasure, report, served, shadows
from hatelens.storage.shadows import Shadowed
from tests.storage.conftest import SPRING, an_answer

PAIRS = [("flag", "flag")] * 4 + [("clear", "clear")] * 4 + [("clear", "flag"), ("flag", "unsure")]
SCORES = {"flag": 0.9, "unsure": 0.5, "clear": 0.1}


def said(answer, decision, model="model-2", time=SPRING):
    return Shadowed(answer.id, model, time, "kind", SCORES[decision], decision)


@pytest.fixture
def pairs(database, ledger):
    """Ten texts that both have labelled, a minute apart, and one that the shadow left out."""
    answers = [
        an_answer(time=SPRING + place * 60, decision=given, hateful=SCORES[given],
                  community="forum" if place < 5 else "")
        for place, (given, _) in enumerate(PAIRS)
    ]  # fmt: skip
    left_out = an_answer(time=SPRING + 5)
    ledger.write([*answers, left_out]).result(30)
    served.shadow(database, "/models/b", "model-2", "ann")
    rows = [said(one, other) for one, (_, other) in zip(answers, PAIRS, strict=True)]
    shadows.add(database, rows)
    return answers


def compared(database, *asked):
    found = looked(database, *asked)
    assert found is not None
    return found


def looked(database, *asked):
    with database.read() as connection:
        return comparison.compared(connection, *asked)


def test_nothing_is_compared_where_nothing_was_shadowed(database):
    assert report.made(database).shadow is None
    served.shadow(database, "/models/b", "model-2", "ann")
    assert report.made(database).shadow is None


def test_agreement_kappa_and_shift_are_those_that_anyone_can_check_by_hand(database, pairs):
    found = compared(database)
    assert (found.model, found.against) == ("model-2", {"model-1": 10})
    assert (found.texts, found.left_out) == (10, 1)
    assert found.counts == {
        "flag": {"flag": 4, "unsure": 1, "clear": 0},
        "unsure": {"flag": 0, "unsure": 0, "clear": 0},
        "clear": {"flag": 1, "unsure": 0, "clear": 4},
    }
    assert (found.agreement.count, found.agreement.value) == (8, 0.8)
    # Wilson's interval of 8 of 10.
    assert (round(found.agreement.low, 4), round(found.agreement.high, 4)) == (0.4902, 0.9433)
    # By chance: flag 5 x 5, clear 5 x 4, unsure 0 x 1, of 100.
    assert found.kappa == pytest.approx((0.8 - 0.45) / (1 - 0.45))
    assert (found.sides.count, found.sides.value) == (2, 0.2)
    assert found.shift.mean == pytest.approx((0.8 - 0.4) / 10)
    assert found.shift.low < found.shift.mean < found.shift.high
    assert found.shift.quantiles == pytest.approx(
        {"p05": -0.4, "p25": 0.0, "p50": 0.0, "p75": 0.0, "p95": 0.8}
    )


def test_the_texts_that_would_change_sides_are_named_newest_first(database, pairs):
    newest, older = compared(database).crossings
    assert (newest.answer, newest.decision, newest.shadow) == (pairs[9].id, "flag", "unsure")
    assert (older.answer, older.request, older.place) == (pairs[8].id, pairs[8].request, 0)
    assert (older.hateful, older.shadow_hateful) == (0.1, 0.9)


def test_only_so_many_are_named(database, pairs, monkeypatch):
    monkeypatch.setattr(comparison, "SHOWN", 1)
    found = compared(database)
    assert len(found.crossings) == 1
    assert found.sides.count == 2


@pytest.mark.parametrize(
    ("asked", "texts"),
    [
        ((SPRING + 60,), 9),
        ((None, SPRING + 60), 1),
        ((None, None, "forum"), 5),
        ((None, None, ""), 5),
    ],
)
def test_a_time_and_a_community_can_be_chosen(database, pairs, asked, texts):
    assert compared(database, *asked).texts == texts
    assert looked(database, SPRING + clock.DAY) is None


def test_the_comparison_outlasts_the_promotion_and_then_grows_no_more(database, ledger, pairs):
    served.promote(database, "ann")
    ledger.write([an_answer(time=SPRING + clock.DAY, model="model-2")]).result(30)
    found = compared(database)
    assert (found.model, found.texts, found.left_out) == ("model-2", 10, 1)


def test_a_new_shadow_begins_anew(database, pairs):
    served.shadow(database, "/models/c", "model-3", "ann")
    assert looked(database) is None
    shadows.add(database, [])
    with pytest.raises(ValueError, match="not finite"):
        shadows.add(database, [Shadowed("a", "model-3", 1, "kind", float("nan"), "clear")])


def test_the_report_has_it_in_every_form(database, pairs):
    made = report.made(database)
    told = json.loads(json.dumps(made.to_dict()))["shadow"]
    assert told["agreement"] == {"count": 8, "value": 0.8, "low": 0.490162, "high": 0.943318}
    assert told["crossings"][0]["answer"] == pairs[9].id
    rows = [row[:6] for row in made.rows() if row[0] == "shadow"]
    assert rows == [
        ("shadow", "answered flag", "5", "4", "0", "1"),
        ("shadow", "answered unsure", "0", "0", "0", "0"),
        ("shadow", "answered clear", "5", "1", "4", "0"),
    ]
    assert {len(row) for row in made.rows()} == {10}


def test_what_the_shadow_said_is_forgotten_with_the_answers(database, pairs):
    assert erasure.forget(database, SPRING + clock.DAY) == 11
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM shadows").scalar() == 0


@pytest.mark.parametrize(("count", "of"), [(0, 1), (1, 1), (0, 50), (50, 50), (7, 50)])
def test_an_interval_holds_its_share_and_stays_within_bounds(count, of):
    found = comparison.share(count, of)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high


def test_two_that_always_say_the_same_one_thing_agree():
    counts = {one: dict.fromkeys(comparison.DECISIONS, 0) for one in comparison.DECISIONS}
    counts["clear"]["clear"] = 9
    assert comparison.kappa(counts) == 1
