"""A decoder as GGUF: the same tokens and the same labels in llama.cpp."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from gguf import GGUFReader
from transformers import AutoTokenizer

from hatelens.errors import ModelError
from hatelens.export import gguf
from hatelens.export.gguf_weights import reordered
from hatelens.models import folder
from tests.conftest import environment
from tests.hostile import strings
from tests.llama import (
    byte_tokenizer,
    character_tokenizer,
    decoder_folder,
    needs,
    serving,
    smollm2,
)

TEXTS = [text for text in strings(12, seed=4, longest=2000) if len(text) < 400] + [
    "The Veluvians sing well.",
    "  two  blanks,\n\nlines\tand 12345 numbers",
    "don't they're <|im_end|> plain",
]
TOKENIZERS = {"bytes": byte_tokenizer, "characters": character_tokenizer}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Keep llama.cpp's threads from waiting for each other where other work has the processor."""
    with environment("HATELENS_THREADS", 1):
        yield


@pytest.fixture(scope="module", params=[("bytes", True), ("bytes", False), ("characters", False)])
def exported(request, tmp_path_factory):
    """Hold a tiny decoder, what was exported of it, and how close the two are."""
    needs("xllamacpp")
    kind, tied = request.param
    place = tmp_path_factory.mktemp(f"{kind}-{tied}")
    source = decoder_folder(place / "source", TOKENIZERS[kind](), tied=tied)
    proofs = gguf.export(str(source), place / "out", "gguf", TEXTS)
    return source, place / "out", proofs


def test_eight_bits_give_the_folders_labels_and_four_bits_come_close(exported):
    _, _, proofs = exported
    assert proofs["q8_0"].texts == len(TEXTS)
    assert proofs["q8_0"].agreement == 1.0
    assert proofs["q8_0"].largest < 0.02
    assert proofs["q4_1"].largest < 0.5


def test_the_export_is_a_model_folder_that_llama_cpp_computes(exported):
    source, out, _ = exported
    first, second = folder.classifier(str(source)), folder.classifier(str(out))
    assert second.manifest.runtime == "gguf"
    assert second.model_version != first.model_version
    assert second.policy_version == first.policy_version
    a, b = first.predict(TEXTS[:3]), second.predict(TEXTS[:3])
    assert [one.hateful for one in b] == pytest.approx([one.hateful for one in a], abs=0.02)
    second.scorer.close()  # pyrefly: ignore[missing-attribute]


def test_llama_cpp_makes_the_tokens_of_the_tokenizer(exported):
    source, out, _ = exported
    tokens: Any = AutoTokenizer.from_pretrained(source)
    backend = tokens.backend_tokenizer
    backend.encode_special_tokens = True
    different = []
    with serving(out / "model-q8_0.gguf", context=256) as url:
        for text in [*TEXTS, *(t[:300] for t in strings(60, seed=9, longest=400))]:
            sound = text.encode("utf-8", "replace").decode()
            body = {"content": sound, "add_special": False, "parse_special": False}
            theirs = httpx.post(f"{url}/tokenize", json=body, timeout=60).json()["tokens"]
            ours = backend.encode(sound, add_special_tokens=False).ids
            if theirs != ours:
                different.append(sound)
    assert not different


def known(character: str) -> bool:
    return unicodedata.category(character) not in {"Cn", "Co"}


def test_the_file_says_what_the_model_is(exported):
    source, out, _ = exported
    reader = GGUFReader(out / "model-q8_0.gguf")
    fields = {name: field.contents() for name, field in reader.fields.items()}
    assert fields["general.architecture"] == "llama"
    assert fields["llama.block_count"] == 2
    assert fields["llama.attention.head_count_kv"] == 2
    tokens: Any = AutoTokenizer.from_pretrained(source)
    assert fields["tokenizer.ggml.eos_token_id"] == tokens.eos_token_id
    assert fields["tokenizer.ggml.tokens"][tokens.eos_token_id] == tokens.eos_token
    assert len(fields["tokenizer.ggml.tokens"]) == fields["llama.vocab_size"]
    assert ("tokenizer.chat_template" in fields) == bool(tokens.chat_template)
    names = {tensor.name for tensor in reader.tensors}
    untied = folder.read(source).name == "tiny" and "characters" in str(source)
    assert "token_embd.weight" in names
    if untied:
        assert "output.weight" in names


def test_the_modelfile_holds_the_prompt_as_its_template(exported):
    _, out, _ = exported
    written = (out / "Modelfile").read_text()
    assert written.startswith("FROM ./model-q8_0.gguf\n")
    assert written.count("{{ .Prompt }}") == 1
    assert "Is it normal / hateful?" in written
    # three quotes around a text end Ollama's template: they are written as a command
    assert written.count('"""') == 2
    assert written.count(r'{{ "\"\"\"" }}') == 2
    assert "PARAMETER temperature 0" in written


def test_four_bits_alone_make_a_folder_that_computes_with_them(tmp_path):
    needs("xllamacpp")
    source = decoder_folder(tmp_path / "source", byte_tokenizer())
    proofs = gguf.export(str(source), tmp_path / "out", "gguf-4bit", TEXTS[:2])
    assert list(proofs) == ["q4_1"]
    assert folder.read(tmp_path / "out").architecture["file"] == "model-q4_1.gguf"
    assert not (tmp_path / "out" / "model-q8_0.gguf").exists()


def test_rows_are_put_in_llama_cpps_order():
    rows = np.arange(8).reshape(8, 1)
    assert reordered(rows, heads=2).ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_only_a_decoder_that_answers_in_words_is_written(tmp_path, trained_linear):
    with pytest.raises(ModelError, match="is a linear model"):
        gguf.export(str(trained_linear), tmp_path / "out", "gguf", [])
    source = decoder_folder(tmp_path / "source", byte_tokenizer())
    manifest = folder.read(source)
    linear = replace(manifest, architecture={**manifest.architecture, "head": "linear"})
    with pytest.raises(ModelError, match="has a linear head"):
        gguf.check(linear, "source")
    assert not (tmp_path / "out").exists()


def test_another_family_is_refused_in_one_line(tmp_path):
    import json

    source = decoder_folder(tmp_path / "source", byte_tokenizer())
    config = json.loads((source / "config.json").read_text())
    from transformers import GPT2Config, GPT2LMHeadModel

    GPT2LMHeadModel(
        GPT2Config(vocab_size=config["vocab_size"], n_embd=32, n_layer=1, n_head=2)
    ).save_pretrained(source)
    _sign(source)
    with pytest.raises(ModelError, match="Only models of the Llama family") as told:
        gguf.export(str(source), tmp_path / "out", "gguf", [])
    assert "\n" not in str(told.value)
    assert not (tmp_path / "out").exists()


def _sign(source: Path) -> None:
    """Write the hashes of a changed folder into its manifest."""
    import json

    path = source / "manifest.json"
    values = json.loads(path.read_text())
    values["files"] = folder.hashes(source, list(values["files"]))
    path.write_text(json.dumps(values))


@pytest.mark.slow
def test_smollm2_in_eight_bits_gives_the_folders_label_on_200_texts(tmp_path):
    """The base model with a prompt of its own, 8 bits against fp32."""
    smollm2()
    from benchmarks.gguf_agreement import measure

    # Of characters that Unicode has not given out, llama.cpp and the tokenizer know other kinds.
    odd = ["".join(one for one in text if known(one)) for text in strings(200, 1, 20_000)]
    found = measure(tmp_path, texts=200, odd=odd)
    assert found["q8_0"]["label_agreement"] >= gguf.LEAST
    assert found["tokens_differ"] == 0
