"""All heads of a model over tokens, in batches of like length."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens.models.token_heads import outputs
from hatelens.models.tokens import Tokenizer

TEXTS = ["a b c d", "a", "", "worthless folk sing"]


@pytest.fixture
def tokenizer(base_folder):
    return Tokenizer(base_folder / "tokenizer.json", 8)


def run(batch):
    """Say of each text its first word, and of each token its id."""
    return {
        "logits": batch.input_ids[:, 1:2].astype(float),
        "length": batch.attention_mask.sum(axis=1, keepdims=True).astype(float),
        "spans": batch.input_ids.astype(float),
    }


@pytest.mark.parametrize("size", [1, 2, 32])
def test_rows_come_back_in_the_order_of_the_texts_without_padding(tokenizer, size):
    found = outputs(tokenizer, TEXTS, run, size)
    assert found.logits[:, 0].tolist() == [4, 4, 3, 17]
    assert found.heads["length"][:, 0].tolist() == [6, 3, 2, 5]
    assert [len(one.logits) for one in found.tokens] == [6, 3, 2, 5]
    assert found.tokens[0].logits.tolist() == [2, 4, 5, 6, 7, 3]
    begin, end = found.tokens[3].offsets[1]
    assert TEXTS[3][begin:end] == "worthless"


def test_a_model_without_heads_has_only_its_logits(tokenizer):
    found = outputs(
        tokenizer, TEXTS, lambda batch: {"logits": np.zeros((len(batch.input_ids), 2))}, 2
    )
    assert found.logits.shape == (4, 2)
    assert found.heads == {}
    assert list(found.tokens) == []
