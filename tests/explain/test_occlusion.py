"""Leave-one-out occlusion."""

from __future__ import annotations

from hatelens.explain.occlusion import MAX_WORDS, occlusion
from hatelens.models.detector import Span


def counting(scores):
    """Score texts by the weights of their words, and remember the calls."""
    calls = []

    def score(texts):
        calls.append(len(texts))
        return [sum(scores.get(word, 0.0) for word in text.split()) for text in texts]

    return score, calls


def test_a_word_gets_what_its_absence_takes_from_the_score():
    score, calls = counting({"worthless": 0.5, "folk": 0.125})
    assert occlusion("you worthless  folk", score) == (Span(4, 13, 0.5), Span(15, 19, 0.125))
    assert calls == [4]


def test_words_that_do_not_matter_or_lower_the_score_are_not_named():
    score, _ = counting({"nice": -0.5, "the": 0.001})
    assert occlusion("the nice song", score) == ()


def test_a_text_without_words_is_not_scored():
    score, calls = counting({})
    assert occlusion(" \n ", score) == ()
    assert calls == []


def test_many_words_are_left_out_in_groups():
    score, calls = counting({"bad": 0.5})
    text = "fine " * MAX_WORDS + "bad"
    (span,) = occlusion(text, score)
    assert "bad" in text[span.begin : span.end]
    assert calls[0] <= MAX_WORDS + 1
