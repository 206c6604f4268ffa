"""The benchmark of explanations: its baseline and its table."""

from __future__ import annotations

import pytest
from benchmarks.quotes import EVERY, every_word, markdown

from hatelens.data.example import Example

TEXTS = ["Veluvians are vermin", "keep the Quendari out of here now ok"]
MARKS = [((14, 20),), ((5, 17), (18, 21))]


def test_marking_every_word_finds_all_that_people_marked_and_more():
    examples = [
        Example(id=str(n), text=text, label="hateful", source="s", spans=spans)
        for n, (text, spans) in enumerate(zip(TEXTS, MARKS, strict=True))
    ]
    scores = every_word(examples, seed=0)
    assert scores.token_recall.value == 1.0
    assert scores.token_precision.value == pytest.approx((1 / 3 + 3 / 8) / 2)
    table = markdown({EVERY: scores}, "2 texts")
    assert "| every word | - |" in table
    assert table.startswith("2 texts. ")
