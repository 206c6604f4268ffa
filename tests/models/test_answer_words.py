from __future__ import annotations

import math

import pytest

from hatelens.models.answer_words import LEAST, by_ids, by_text
from hatelens.models.openai_api import Token


def tokens(**logprobs: float) -> list[Token]:
    return [Token(text, value) for text, value in logprobs.items()]


def test_a_word_of_one_token_has_its_log_probability():
    score = by_text("hate", lambda written: tokens(hate=-0.5, normal=-1.0))
    assert (score.mean, score.listed) == (-0.5, True)


def test_a_word_of_several_tokens_is_walked_along_and_has_their_mean():
    steps = {"": tokens(h=-1.0, x=-2.0), "h": tokens(ate=-0.5), "hate": tokens(ful=-0.3)}
    asked: list[str] = []

    def following(written: str) -> list[Token]:
        asked.append(written)
        return steps[written]

    assert by_text("hateful", following).mean == pytest.approx(-0.6)
    assert asked == ["", "h", "hate"]


def test_the_most_probable_way_to_write_a_word_is_taken():
    steps = {"": tokens(ha=-3.0, hate=-0.5), "hate": tokens(ful=-0.1)}
    assert by_text("hateful", steps.__getitem__).mean == pytest.approx(-0.3)


def test_only_the_first_token_may_have_blanks_before_it():
    steps = {"": [Token(" hate", -0.2), Token(" ", -0.1)], " hate": [Token(" ful", -0.1)]}
    score = by_text("hateful", steps.__getitem__)
    assert not score.listed


def test_a_word_that_is_not_listed_is_less_probable_than_all_that_are():
    score = by_text("hate", lambda written: tokens(a=math.log(0.6), b=math.log(0.3)))
    assert not score.listed
    assert score.mean == pytest.approx(math.log(0.1))
    sure = by_text("hate", lambda written: tokens(a=0.0))
    assert sure.mean == pytest.approx(math.log(1e-12))
    assert by_text("hate", lambda written: [Token("a", 0.0), Token("b", -300.0)]).mean == LEAST


def test_ids_are_walked_as_words_are():
    steps: dict[tuple[int, ...], list[Token]] = {
        (): [Token("", -1.0, 7)],
        (7,): [Token("", -2.0, 9), Token("", -0.5, 8)],
    }
    assert by_ids((7, 8), steps.__getitem__).mean == pytest.approx(-0.75)
    assert not by_ids((7, 5), steps.__getitem__).listed
