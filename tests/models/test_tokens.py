"""Token ids from texts."""

from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer as Backend
from tokenizers import models, pre_tokenizers, processors

from hatelens.errors import ModelError
from hatelens.models.tokens import Tokenizer


@pytest.fixture
def tokenizer(base_folder):
    return Tokenizer(base_folder / "tokenizer.json", 6)


def lengths(batch):
    return batch.attention_mask.sum(axis=1)


def test_rows_come_back_in_the_order_of_the_texts(tokenizer):
    texts = ["marsh folk sing", "marsh", "", "folk sing"]
    assert tokenizer.rows(texts, lengths, 2).tolist() == [5, 3, 2, 4]


def test_what_does_not_fit_is_cut_off_in_a_batch_but_not_in_windows(tokenizer):
    text = "a b c d e f g"
    assert tokenizer.rows([text], lengths, 2).tolist() == [6]
    windows = tokenizer.windows(text)
    assert windows == [(0, 7), (6, 13)]
    assert tokenizer.rows([text[a:b] for a, b in windows], lengths, 2).max() <= 6


def test_a_window_that_begins_inside_a_word_is_still_read_to_its_end(tmp_path):
    # "##ijk" is one piece inside a word and three at the begin of one.
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghijk", "##ijk", "##j", "##k"]
    backend = Backend(models.WordPiece({w: n for n, w in enumerate(vocabulary)}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    backend.save(str(tmp_path / "tokenizer.json"))
    text = "aijkijk " * 60
    for max_length in range(60, 76):
        windows = Tokenizer(tmp_path / "tokenizer.json", max_length).windows(text)
        needed = [len(backend.encode(text[begin:end]).ids) for begin, end in windows]
        assert len(windows) > 1
        assert max(needed) <= max_length


def test_special_tokens_in_a_text_are_text(tokenizer):
    batches = []
    tokenizer.rows(["[SEP]"], lambda batch: batches.append(batch) or lengths(batch), 1)
    assert batches[0].input_ids[0].tolist().count(3) == 1  # only the real one at the end


def test_padding_is_masked(tokenizer):
    batches = []
    tokenizer.rows(["a", "a b c"], lambda batch: batches.append(batch) or lengths(batch), 2)
    np.testing.assert_array_equal(batches[0].attention_mask, [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])


def test_a_missing_or_damaged_tokenizer_is_said(tmp_path):
    with pytest.raises(ModelError, match="is missing"):
        Tokenizer(tmp_path / "tokenizer.json", 8)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="is damaged"):
        Tokenizer(tmp_path / "tokenizer.json", 8)
