"""What many tests share: where real data lies, and models trained once on the sample set."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

SHARED = Path(__file__).parents[2] / "shared" / "data"
"""Real labelled data beside the checkout; absent on most machines."""


WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghij", "marsh", "folk", "sing", "worthless"]


def write_tokenizer(path: Path) -> None:
    vocabulary = {word: i for i, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(WORDS[:4])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(path))


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Give the root logger back as it was: commands that run in the tests' process set it up."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory):
    """Hold a BERT of one tiny layer with random weights."""
    path = tmp_path_factory.mktemp("base")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(path)
    write_tokenizer(path / "tokenizer.json")
    return path


@contextmanager
def environment(name: str, value: object) -> Iterator[None]:
    """Set a variable of the environment for a while."""
    before = os.environ.get(name)
    os.environ[name] = str(value)
    yield
    if before is None:
        del os.environ[name]
    else:
        os.environ[name] = before


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Keep the user's cache out of the tests, and the tests out of it."""
    with environment("HATELENS_CACHE", tmp_path_factory.mktemp("cache")):
        yield


@pytest.fixture(scope="session")
def without_shared_data(tmp_path_factory):
    """Point HATELENS_DATA at an empty folder: quick, and the same on every machine."""
    with environment("HATELENS_DATA", tmp_path_factory.mktemp("no-data")):
        yield


def _train(folder: Path, *overrides: str) -> Path:
    from hatelens.config.compose import compose
    from hatelens.training.run import run

    return run(compose([*overrides, f"out={folder}"]))


@pytest.fixture(scope="session")
def trained_linear(tmp_path_factory, cache, without_shared_data):
    """A linear model trained on the sample set."""
    return _train(tmp_path_factory.mktemp("linear") / "model", "recipe=demo_linear")


@pytest.fixture(scope="session")
def trained_two_stage(tmp_path_factory, cache, without_shared_data):
    """A two-stage model (MiniLM) trained on part of the sample set."""
    folder = tmp_path_factory.mktemp("two_stage") / "model"
    return _train(
        folder,
        "recipe=demo_two_stage",
        "data.limit=200",
        "training.epochs=8",
        "training.profile=true",
    )
