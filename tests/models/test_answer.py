"""Labels read from generated answers."""

from __future__ import annotations

import pytest

from hatelens.models.answer import parse

WORDS = ("hate", "hate speech", "normal", "not hate")


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("normal", "normal"),
        ("  Normal.\nBecause it is about tea.", "normal"),
        ('"hate"', "hate"),
        ("**Hate speech**: it attacks a group", "hate speech"),
        ("Not hate, since nobody is attacked", "not hate"),
        ("hate\nnormal", "hate"),
    ],
)
def test_a_label_at_the_beginning_is_read(answer, label):
    found = parse(answer, WORDS)
    assert found is not None
    assert WORDS[found] == label


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I cannot answer that.",
        "The text is normal",
        "hateful",
        "hate-free",
        "normally",
        "hate / normal",
        "hate or not hate",
        "normal and hate",
    ],
)
def test_what_is_not_clearly_one_label_is_none(answer):
    assert parse(answer, WORDS) is None
