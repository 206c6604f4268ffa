"""Scores by the probability of the label words."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hatelens.errors import ModelError
from hatelens.models import label_words
from hatelens.models.base import resolve
from hatelens.models.causal import open_base
from hatelens.models.prompt import Prompt, load
from hatelens.models.prompt_tokens import PromptTokenizer
from tests import language_model

TEXTS = [
    "the folk of the marsh sing",
    "",
    "Zorblaxians are vermin. " * 4,
    "hi",
    "neither this nor that, said the Veluvians",
]
WORDS = {"hate": "hate", "offensive": "very offensive indeed", "normal": "normal"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return language_model.write(tmp_path_factory.mktemp("lm"))


@pytest.fixture(scope="module")
def model(folder):
    return open_base(resolve(str(folder)))


@pytest.fixture(scope="module")
def tokens(folder):
    return PromptTokenizer(folder, load("classify", chat=True), 256, {"labels": "a / b"})


def naive(model, tokens, text, answer):
    """Read the whole sequence by itself and average the log-probabilities of the answer."""
    ids = (*tokens.encode(text), *answer)
    with torch.inference_mode():
        found = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    places = range(len(ids) - len(answer), len(ids))
    return float(np.mean([found[place - 1, ids[place]].item() for place in places]))


def expected(model, tokens, answers):
    return np.array([[naive(model, tokens, text, answer) for answer in answers] for text in TEXTS])


@pytest.mark.parametrize("batch", [1, 3, 32])
def test_scores_equal_reading_each_answer_by_itself(model, tokens, batch):
    answers = label_words.answers(tokens, WORDS)
    assert max(map(len, answers)) > 2
    made = label_words.score(model, tokens, TEXTS, answers, batch)
    np.testing.assert_allclose(made, expected(model, tokens, answers), atol=1e-4)


def test_a_batch_equals_its_texts_one_by_one(model, tokens):
    answers = label_words.answers(tokens, WORDS)
    together = label_words.score(model, tokens, TEXTS, answers, 8)
    alone = [label_words.score(model, tokens, [text], answers, 8)[0] for text in TEXTS]
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_prefix_read_before_gives_the_same_and_can_be_used_again(model, tokens):
    answers = label_words.answers(tokens, WORDS)
    prefix = label_words.read_prefix(model, tokens)
    first = label_words.score(model, tokens, TEXTS, answers, 2, prefix=prefix)
    again = label_words.score(model, tokens, TEXTS, answers, 2, prefix=prefix)
    np.testing.assert_allclose(first, again, atol=1e-6)
    assert prefix.get_seq_length() == len(tokens.prefix)


def test_a_prompt_with_nothing_before_the_text_is_scored_too(model, folder):
    tokens = PromptTokenizer(folder, Prompt("p", "{{ text }}\nAnswer:", chat=False), 256)
    answers = label_words.answers(tokens, WORDS)
    assert tokens.prefix == ()
    made = label_words.score(model, tokens, TEXTS, answers, 3)
    np.testing.assert_allclose(made, expected(model, tokens, answers), atol=1e-4)


def test_no_texts_give_no_rows(model, tokens):
    assert label_words.score(model, tokens, [], [(3,)], 8).shape == (0, 1)


def test_an_answer_that_begins_another_is_told_apart_by_its_end(tokens):
    made = label_words.answers(tokens, {"a": "hate", "b": "hateful"})
    assert [each[-1] for each in made] == [tokens.eos] * 2 or made[0] != made[1][: len(made[0])]


def test_two_labels_with_the_same_words_are_refused(tokens):
    with pytest.raises(ModelError, match="same words"):
        label_words.answers(tokens, {"a": "hate", "b": "hate"})
