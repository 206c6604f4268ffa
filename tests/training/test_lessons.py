"""From texts and labels to batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hatelens.models.tokens import Tokenizer
from hatelens.text import clean
from hatelens.training.lessons import Collator, Lessons, token_marks
from tests.training.conftest import lesson


@pytest.fixture
def tokenizer(base_folder):
    return Tokenizer(base_folder / "tokenizer.json", 8)


def marks(tokenizer, text, *ranges):
    cleaned = clean(text)
    return token_marks(tokenizer.encode([cleaned.text])[0], cleaned, ranges)


def test_tokens_inside_the_ranges_are_marked_and_special_ones_are_left_open(tokenizer):
    found = marks(tokenizer, "a worthless b", (2, 11))
    np.testing.assert_array_equal(found, [np.nan, 0, 1, 0, np.nan])


def test_a_token_is_marked_from_half_of_its_characters_on(tokenizer):
    np.testing.assert_array_equal(marks(tokenizer, "marsh", (0, 3))[1:-1], [1])
    np.testing.assert_array_equal(marks(tokenizer, "marsh", (0, 2))[1:-1], [0])
    np.testing.assert_array_equal(marks(tokenizer, "marsh", (0, 2), (1, 3))[1:-1], [1])


def test_ranges_are_those_of_the_original_text_before_cleaning(tokenizer):
    found = marks(tokenizer, "a wor\u200bth\u200bless b", (2, 13))
    np.testing.assert_array_equal(found[1:-1], [0, 1, 0])


def test_an_empty_text_has_no_mark(tokenizer):
    assert np.isnan(marks(tokenizer, "")).all()


def test_a_batch_is_padded_and_what_is_unknown_stays_so(tokenizer):
    heads = {"attributes": np.array([[1.0, np.nan], [np.nan, 0.0]])}
    rows = Lessons(lesson(["a", "a b c"], np.eye(2), heads, [None, [(0, 1)]]), tokenizer)
    assert len(rows) == 2
    assert rows.lengths == [3, 5]
    batch = Collator(tokenizer)([rows[0], rows[1]])
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 0, 0], [1] * 5]
    assert batch["input_ids"].shape == batch["marks"].shape == (2, 5)
    assert torch.isnan(batch["marks"][0]).all()
    assert batch["marks"][1, 1:4].tolist() == [1, 0, 0]
    assert torch.isnan(batch["attributes"]).tolist() == [[False, True], [True, False]]
    assert batch["classes"].tolist() == [[1, 0], [0, 1]]


def test_without_a_spans_head_there_is_nothing_to_mark(tokenizer):
    rows = Lessons(lesson(["a", "b"], np.eye(2)), tokenizer)
    assert np.isnan(rows[0]["marks"]).all()


def test_a_long_text_is_cut_with_its_marks(tokenizer):
    rows = Lessons(lesson(["a " * 50], [[1, 0]], marks=[[(0, 100)]]), tokenizer)
    assert rows.lengths == [8]
    assert rows[0]["marks"][1:-1].tolist() == [1] * 6
