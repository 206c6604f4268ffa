from __future__ import annotations

import json

import pytest
from gguf import TokenType

from hatelens.errors import ModelError
from hatelens.export.gguf_vocabulary import read
from tests.llama import byte_tokenizer, character_tokenizer


@pytest.fixture
def written():
    return json.loads(byte_tokenizer().to_str())


def test_merges_of_bytes_are_taken_over(written):
    found = read(written, {"bos": 1, "eos": 2}, size=len(written["model"]["vocab"]) + 2)
    assert (found.model, found.split) == ("gpt2", "gpt-2")
    assert found.types[1] == TokenType.CONTROL
    assert found.types[-1] == TokenType.UNUSED
    assert found.merges[0].count(" ") == 1
    assert not found.begins


def test_merges_of_characters_become_scores():
    written = json.loads(character_tokenizer().to_str())
    found = read(written, {"bos": 1, "eos": 2, "unk": 0}, size=len(written["model"]["vocab"]))
    assert (found.model, found.merges) == ("llama", ())
    assert found.types[0] == TokenType.UNKNOWN
    assert found.types[found.tokens.index("<0x41>")] == TokenType.BYTE
    assert found.blank
    first = "".join(written["model"]["merges"][0])
    assert found.scores[found.tokens.index(first)] == max(found.scores)


def test_smollm2s_own_splits_are_known(written):
    written["pre_tokenizer"] = {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "Digits", "individual_digits": True},
            {
                "type": "ByteLevel",
                "add_prefix_space": False,
                "trim_offsets": True,
                "use_regex": True,
            },
        ],
    }
    assert read(written, {}, size=1000).split == "smollm"


def test_a_token_before_every_text_is_known(written):
    single = [{"SpecialToken": {"id": "<|im_start|>", "type_id": 0}}, {"Sequence": {"id": "A"}}]
    written["post_processor"] = {"type": "TemplateProcessing", "single": single}
    assert read(written, {"bos": 1}, size=1000).begins
    assert not read(written, {}, size=1000).begins


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"normalizer": {"type": "NFC"}}, "rewrites texts"),
        ({"pre_tokenizer": {"type": "Whitespace"}}, "its way to split texts"),
        ({"model": {"type": "WordPiece", "vocab": {}}}, "its model is 'WordPiece'"),
    ],
)
def test_other_tokenizers_are_refused_in_one_line(written, change, line):
    with pytest.raises(ModelError, match=line) as told:
        read(written | change, {}, size=1000)
    assert "\n" not in str(told.value)


def test_a_token_without_a_row_is_refused(written):
    with pytest.raises(ModelError, match="has no row in the embeddings, which have 10"):
        read(written, {}, size=10)
