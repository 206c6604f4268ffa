"""From token scores to marked characters."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens.models.heads import Head, TokenLogits
from hatelens.models.marks import spans
from hatelens.text import clean

HEAD = Head("spans", "spans", ("span",), thresholds=(0.6,))


def marked(text, *tokens):
    """Return what is marked where tokens (begin, end, logit) are given of the cleaned text."""
    logits = TokenLogits(
        [(begin, end) for begin, end, _ in tokens],
        np.array([logit for _, _, logit in tokens], dtype=float),
    )
    return spans(HEAD, logits, clean(text))


def test_neighbours_with_only_blanks_between_are_one_span_with_the_highest_score():
    (found,) = marked("they are bad folk", (0, 4, -5), (9, 12, 1), (13, 17, 3))
    assert (found.begin, found.end) == (9, 17)
    assert found.score == pytest.approx(1 / (1 + np.exp(-3)))


def test_words_between_keep_spans_apart():
    found = marked("bad and bad", (0, 3, 2), (4, 7, -2), (8, 11, 2))
    assert [(one.begin, one.end) for one in found] == [(0, 3), (8, 11)]


def test_what_is_below_the_threshold_or_special_is_not_marked():
    assert marked("bad", (0, 0, 9), (0, 3, 0.1), (0, 0, 9)) == ()
    assert marked("bad", (0, 3, 0.5)) != ()


def test_ranges_are_those_of_the_original():
    text = "so b\u200ba\u200bd!"
    (found,) = marked(text, (3, 6, 4))
    assert text[found.begin : found.end].replace("\u200b", "") == "bad"


def test_an_empty_text_has_none():
    assert marked("", (0, 0, 1), (0, 0, 1)) == ()
