"""A quantised graph: what stands beside a text must not change what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens import detect
from hatelens.detect import Pipeline
from hatelens.models import graph

TEXTS = [
    "Zorblaxians should all leave.",
    "What a lovely morning.",
    "word " * 400,
    "I sing.",
    *(f"The {number}th marsh is {number % 7 * 'very '}wide." for number in range(40)),
]


@pytest.fixture(scope="module")
def quantised() -> Pipeline:
    return detect.load("default")


def test_a_text_scores_the_same_alone_and_among_others(quantised: Pipeline) -> None:
    together = quantised.predict(TEXTS)
    backwards = quantised.predict(TEXTS[::-1])[::-1]
    for text, one, other in zip(TEXTS, together, backwards, strict=True):
        (alone,) = quantised.predict([text])
        assert alone.to_dict(text) == one.to_dict(text) == other.to_dict(text)


def test_the_scores_of_tokens_are_as_wide_as_their_batch() -> None:
    wide = graph._wide(np.ones((1, 2)), 4)
    assert wide.tolist() == [[1.0, 1.0, 0.0, 0.0]]
