"""Generated answers."""

from __future__ import annotations

import pytest

from hatelens.models import generation
from hatelens.models.base import resolve
from hatelens.models.causal import open_base
from hatelens.models.generation import Flags, generate
from hatelens.models.prompt import load
from hatelens.models.prompt_tokens import PromptTokenizer
from tests import language_model

TEXTS = ["the folk sing", "vermin, all of them, the Zorblaxians"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return language_model.write(tmp_path_factory.mktemp("lm"))


@pytest.fixture(scope="module")
def model(folder):
    return open_base(resolve(str(folder)))


@pytest.fixture(scope="module")
def tokens(folder):
    return PromptTokenizer(folder, load("classify", chat=True), 200, {"labels": "a / b"})


def test_the_likeliest_answer_of_a_batch_is_that_of_each_text_alone(model, tokens):
    rows = [tokens.encode(text) for text in TEXTS]
    together = generate(model, tokens, rows, Flags(max_new_tokens=6))
    alone = [generate(model, tokens, [row], Flags(max_new_tokens=6))[0] for row in rows]
    assert together == alone
    assert [len(answers) for answers in together] == [1, 1]


def test_drawn_answers_are_as_many_as_asked_for_and_the_same_every_time(model, tokens):
    rows = [tokens.encode(TEXTS[0])]
    flags = Flags(temperature=1.0, top_p=0.9, max_new_tokens=6, num_return_sequences=4)
    first = generate(model, tokens, rows, flags)
    assert len(first[0]) == 4
    assert len(set(first[0])) > 1
    assert generate(model, tokens, rows, flags) == first


def test_flags_are_read_from_a_manifest():
    assert Flags.of({"temperature": 0.7, "other": 1}) == Flags(temperature=0.7)
    assert Flags.of({}) == Flags()


def test_rows_are_filled_up_on_the_side_that_is_asked_for(model):
    ids, mask = generation.padded(model, [(5,), (6, 7)], 2, left=True)
    assert ids.tolist() == [[2, 5], [6, 7]]
    assert mask.tolist() == [[0, 1], [1, 1]]
    assert generation.padded(model, [(5,), (6, 7)], 2)[0].tolist() == [[5, 2], [6, 7]]
