"""What people said of texts, as something to learn from."""

from __future__ import annotations

from collections import Counter

import pytest

from hatelens.errors import ConfigError
from hatelens.labels import POOLED, LabelSet
from hatelens.storage import appeals, erasure, identity, sealing, verdicts
from hatelens.storage.annotations import Wanted, exported
from hatelens.storage.reviews import Waiting
from hatelens.storage.suggestions import Suggestion
from hatelens.storage.texts import Kept
from tests.storage.conftest import SPRING, an_answer
from tests.storage.people import MINUTE, claimed
from tests.storage.test_verdicts import judge

SECRET = "a secret of the tests, long enough"
TWO = LabelSet(("kind", "unkind"), ("unkind",))
THREE = LabelSet(("normal", "rude", "hateful"), ("hateful",))


@pytest.fixture
def sealer(database):
    return sealing.sealer(database, SECRET)


@pytest.fixture
def judged(database, ledger, sealer):
    """Return the function that has a text answered, queued and judged."""

    def judging(text, label, side, *, user="anna", now=SPRING, community="forum"):
        answer = an_answer(
            text_hash=sealer.hash(text), decision="flag", hateful=0.8, community=community
        )
        kept = Kept(answer.text_hash, sealer.seal(text), None)
        waiting = Waiting(answer.id, answer.time, answer.text_hash, community, 0.5)
        ledger.write([answer], [kept], [waiting]).result(30)
        claimed(database, user, now)
        assert judge(database, answer.id, user, label, side=side, now=now) is not None
        return answer

    return judging


@pytest.fixture
def suggested(ledger, sealer):
    def suggesting(text, attributes, now=SPRING, keep=True):
        text_hash = sealer.hash(text)
        one = Suggestion(identity.new(), now, "k1", "forum", text_hash, attributes, "")
        kept = [Kept(text_hash, sealer.seal(text), None)] if keep else []
        ledger.write([one], kept).result(30)

    return suggesting


def given(database, sealer, labels=TWO, **times):
    left_out: Counter[str] = Counter()
    rows = list(exported(database, sealer, Wanted(labels, **times), left_out))
    return rows, dict(left_out)


def test_a_judged_text_is_given_with_all_that_is_known_of_it(database, sealer, judged):
    judged("A stupid film \ud800.", "unkind", True, now=SPRING + 5)
    (row,), left_out = given(database, sealer)
    assert (row.text, row.label, row.source) == ("A stupid film \ud800.", "unkind", "verdict")
    assert (row.time, row.model, row.hateful) == (SPRING + 5, "model-1", 0.8)
    assert (row.community, row.reviewer) == ("forum", "anna")
    assert left_out == {}


def test_the_newest_verdict_of_a_text_counts(database, sealer, judged):
    judged("A text.", "unkind", True, now=SPRING, community="forum")
    judged("A text.", "kind", False, now=SPRING + 1, community="market")
    (row,), _ = given(database, sealer)
    assert (row.label, row.community) == ("kind", "market")
    (before,), _ = given(database, sealer, until=SPRING + 1)
    assert before.label == "unkind"
    assert given(database, sealer, since=SPRING + 2) == ([], {})


def test_an_undone_verdict_is_not_given_and_an_unclear_one_is_counted(database, sealer, judged):
    judged("One.", "unkind", True)
    verdicts.undo(database, "anna", SPRING)
    judged("Two.", verdicts.UNCLEAR, None, user="bert")
    assert given(database, sealer) == ([], {"verdict unclear": 1})


def test_a_verdict_that_settled_an_appeal_says_so(database, sealer, judged):
    answer = judged("A text.", "unkind", True)
    appeals.open_(database, answer.request, 0, reason="", key="", now=SPRING)
    claimed(database, "bert")
    judge(database, answer.id, "bert", "kind", side=False, now=SPRING + MINUTE)
    (row,), _ = given(database, sealer)
    assert (row.source, row.label, row.reviewer) == ("appeal", "kind", "bert")


def test_erased_texts_are_counted_and_old_answers_are_missed_by_nobody(database, sealer, judged):
    gone = judged("One.", "unkind", True)
    judged("Two.", "kind", False)
    erasure.erase(database, gone.text_hash)
    erasure.forget(database, SPRING + 1)
    (row,), left_out = given(database, sealer)
    assert (row.text, row.model, row.hateful, row.community) == ("Two.", "", None, "")
    assert left_out == {"text erased": 1}


@pytest.mark.parametrize(
    ("attributes", "label"),
    [
        ({"TOXICITY": 0.5}, "unkind"),
        ({"TOXICITY": 0.49}, "kind"),
        ({"hateful": 0.9, "INSULT": 0.1}, "unkind"),
        ({"INSULT": 0.9}, None),
    ],
)
def test_a_suggestion_takes_the_side_of_its_toxicity(
    database, sealer, suggested, attributes, label
):
    suggested("A text.", attributes)
    rows, left_out = given(database, sealer)
    assert [(row.label, row.source, row.reviewer) for row in rows] == (
        [(label, "suggestion", "k1")] if label else []
    )
    assert left_out == ({} if label else {"suggestion without toxicity": 1})


def test_a_verdict_outranks_suggestions_and_of_these_the_newest_counts(
    database, sealer, judged, suggested
):
    judged("One.", "kind", False)
    suggested("One.", {"TOXICITY": 1.0}, SPRING + 9)
    suggested("Two.", {"TOXICITY": 1.0}, SPRING)
    suggested("Two.", {"TOXICITY": 0.0}, SPRING + 1)
    suggested("Three.", {"TOXICITY": 1.0}, keep=False)
    rows, left_out = given(database, sealer)
    assert [(row.text, row.label) for row in rows] == [("One.", "kind"), ("Two.", "kind")]
    assert left_out == {"text erased": 1}


def test_labels_of_another_model_become_the_only_one_of_their_side(
    database, sealer, judged, suggested
):
    judged("One.", "unkind", True)
    judged("Two.", "kind", False)
    judged("Three.", "rude", False)
    suggested("Four.", {"TOXICITY": 0.0})
    rows, left_out = given(database, sealer, THREE)
    assert {row.text: row.label for row in rows} == {
        "One.": "hateful", "Three.": "rude", "Four.": "normal",
    }  # fmt: skip
    assert left_out == {"label unknown to the model": 1}
    pooled, _ = given(database, sealer, POOLED)
    assert {row.text: row.label for row in pooled} == {
        "One.": "hateful", "Two.": "not hateful", "Three.": "not hateful", "Four.": "not hateful",
    }  # fmt: skip


def test_without_the_secret_nothing_is_given(database, judged):
    judged("One.", "unkind", True)
    with pytest.raises(ConfigError, match="HATELENS_SECRET"):
        given(database, sealing.sealer(database))


def test_more_rows_than_are_read_at_once_are_all_given(database, sealer, judged, monkeypatch):
    monkeypatch.setattr("hatelens.storage.annotations.PART", 2)
    for number in range(5):
        judged(f"Text {number}.", "unkind", True, now=SPRING + number)
    rows, _ = given(database, sealer)
    assert [row.text for row in rows] == [f"Text {number}." for number in range(5)]
