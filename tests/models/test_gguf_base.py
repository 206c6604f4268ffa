"""GGUF files turned into Transformers folders."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatelens.errors import ModelError
from hatelens.models import gguf_base
from hatelens.models.base import PACKAGES, resolve
from hatelens.models.manifest import sha256


def made(target, gguf="abc"):
    """Write a folder as a conversion leaves it."""
    target.mkdir()
    (target / "model.safetensors").write_bytes(b"weights")
    record = {"gguf": gguf, "weights": sha256(target / "model.safetensors")}
    (target / gguf_base.RECORD).write_text(json.dumps(record, indent=2) + "\n")
    return target


def test_what_was_converted_is_not_converted_again(tmp_path):
    target = made(tmp_path / "model")
    gguf_base.convert(tmp_path / "no-such-file", "abc", target)
    assert (target / "model.safetensors").read_bytes() == b"weights"


def test_changed_weights_are_noticed(tmp_path):
    target = made(tmp_path / "model")
    (target / "model.safetensors").write_bytes(b"others")
    with pytest.raises(ModelError, match="is damaged; delete it"):
        gguf_base.convert(tmp_path / "no-such-file", "abc", target)


def test_a_conversion_of_another_file_is_noticed(tmp_path):
    with pytest.raises(ModelError, match="is damaged; delete it"):
        gguf_base.convert(tmp_path / "file", "xyz", made(tmp_path / "model"))


def test_an_unknown_file_is_not_converted(tmp_path):
    (tmp_path / "some.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelError, match="is not the file that hatelens knows"):
        gguf_base.convert(tmp_path / "some.gguf", "abc", tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_damaged_file_leaves_nothing_behind(tmp_path):
    file = tmp_path / "some.gguf"
    file.write_bytes(b"GGUF but not really")
    with pytest.raises(ModelError, match="cannot be converted"):
        gguf_base.convert(file, sha256(file), tmp_path / "cache" / "model")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.slow
def test_the_packaged_model_opens_tied_and_answers():
    from hatelens.models import causal, zero_shot
    from hatelens.models.prompt import load
    from hatelens.models.prompt_tokens import PromptTokenizer

    base = resolve("smollm2")
    assert base.record.sha256 == PACKAGES["smollm2"].sha256
    model = causal.open_base(base)
    inner: Any = model
    output, embedding = inner.get_output_embeddings(), inner.get_input_embeddings()
    assert output.weight is embedding.weight
    assert zero_shot.has_chat_template(base.folder)
    tokens = PromptTokenizer(base.folder, load("classify", chat=True), 256, {"labels": "a / b"})
    whole = load("classify", chat=True).filled("Tea at 17:30!", labels="a / b")
    asked = tokens._tokenizer.apply_chat_template(
        [{"role": "user", "content": whole}], add_generation_prompt=True, return_dict=False
    )
    assert list(tokens.encode("Tea at 17:30!")) == asked
