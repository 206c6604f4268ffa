"""Answers in words by several adapters at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hatelens.models import generation, mixture_generation
from hatelens.models.generation import Flags
from hatelens.models.mixture_generation import Blend
from tests import language_model
from tests.models.test_adapted_decoder import NAMES, TEXTS, opened

GREEDY = Flags(max_new_tokens=8)
DRAWN = Flags(temperature=1.5, top_p=0.95, max_new_tokens=6, num_return_sequences=3)
WEIGHTS = np.array([[0.2, 0.5, 0.3], [0.6, 0.4, 0.0], [0.1, 0.1, 0.8], [0.3, 0.3, 0.4]])


@pytest.fixture(scope="module")
def adapted(tmp_path_factory):
    base = language_model.write(tmp_path_factory.mktemp("lm"))
    return opened(tmp_path_factory.mktemp("adapters"), base)[1]


def naive(adapted, text, weights, flags):
    """Read everything anew for every token and every adapter."""
    ids = list(adapted.tokens.encode(text))
    said: list[int] = []
    for _ in range(flags.max_new_tokens):
        blend = torch.zeros(())
        for name, weight in zip(NAMES, weights, strict=True):
            adapted.model.set_adapter(name, inference_mode=True)
            with torch.inference_mode():
                logits = adapted.model(torch.tensor([ids + said])).logits[0, -1].double()
            blend = blend + weight * logits.softmax(-1)
        said.append(int(blend.argmax()))
        if said[-1] == adapted.tokens.eos:
            break
    return adapted.tokens.decode(said)


def test_a_blend_takes_the_likeliest_token_of_the_mean_of_probabilities(adapted):
    made = mixture_generation.answers(adapted, TEXTS, WEIGHTS, GREEDY)
    expected = [[naive(adapted, *each, GREEDY)] for each in zip(TEXTS, WEIGHTS, strict=True)]
    assert made == expected


@pytest.mark.parametrize("add_updates", [False, True])
def test_all_weight_on_one_adapter_says_what_it_says_alone(adapted, add_updates):
    sure = np.tile([0.0, 1.0, 0.0], (len(TEXTS), 1))
    made = mixture_generation.answers(adapted, TEXTS, sure, GREEDY, add_updates=add_updates)
    adapted.model.set_adapter("forum", inference_mode=True)
    rows = [adapted.tokens.encode(text) for text in TEXTS]
    assert made == generation.generate(adapted.model, adapted.tokens, rows, GREEDY)


def test_drawn_answers_are_the_same_again_and_do_not_depend_on_the_batch(adapted):
    made = mixture_generation.answers(adapted, TEXTS, WEIGHTS, DRAWN)
    assert made == mixture_generation.answers(adapted, TEXTS, WEIGHTS, DRAWN)
    assert [len(each) for each in made] == [3] * len(TEXTS)
    assert len({text for each in made for text in each}) > len(TEXTS)
    alone = [
        mixture_generation.answers(adapted, [text], WEIGHTS[row : row + 1], DRAWN)[0]
        for row, text in enumerate(TEXTS)
    ]
    assert made == alone


def test_all_adapters_of_a_text_are_given_one_token():
    torch.manual_seed(0)
    scores = torch.randn(6, 11)
    blend = Blend(torch.tensor([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]]), GREEDY, [1, 2])
    made = blend(torch.zeros(6, 1), scores)
    chosen = [int(row.argmax()) for row in made]
    assert chosen[:3] == [chosen[0]] * 3
    assert chosen[3:] == [int(scores[3].argmax())] * 3
    assert int(torch.isfinite(made).sum()) == 6
    np.testing.assert_allclose(blend.blended(scores).exp().sum(dim=1), 1.0, atol=1e-12)


def test_tokens_are_drawn_from_the_likeliest_ones_alone():
    logs = torch.tensor([[0.6, 0.3, 0.06, 0.04]]).log()
    drawn = Flags(temperature=1.0, top_p=0.7)
    blend = Blend(torch.ones(1, 1), drawn, [3])
    found = {int(blend.choose(logs)) for _ in range(200)}
    assert found == {0, 1}
