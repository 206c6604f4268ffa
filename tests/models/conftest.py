"""Tiny real models in their folders."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from hatelens.labels import LabelSet
from hatelens.models import folder, two_stage
from hatelens.models.base import resolve
from hatelens.models.linear import Linear
from hatelens.models.manifest import Manifest
from hatelens.models.ngrams import NGrams
from tests.conftest import write_tokenizer

LABELS = LabelSet(("normal", "hateful"), ("hateful",))
ARCHITECTURE = {"buckets": 512, "char_ngrams": [2, 3], "word_ngrams": [1, 1]}


@pytest.fixture
def linear_folder(tmp_path):
    """Hold a linear model with random weights."""
    rng = np.random.default_rng(0)
    model = Linear(
        NGrams(512, (2, 3), (1, 1)),
        np.ones(512, np.float32),
        rng.normal(size=(512, 2)).astype(np.float32),
        np.zeros(2, np.float32),
    )
    with folder.writing(tmp_path / "linear") as work:
        files = folder.hashes(work, model.save(work))
        manifest = Manifest("tiny", "linear", "numpy", LABELS, ARCHITECTURE, files, cleaning="v1")
        folder.write_manifest(work, manifest)
    return tmp_path / "linear"


@pytest.fixture
def two_stage_folder(tmp_path, base_folder):
    """Hold a two-stage model with random weights."""
    torch.manual_seed(1)
    settings = {"type": "mlp", "width": 8, "activation": "gelu", "dropout": 0.2}
    with folder.writing(tmp_path / "two_stage") as work:
        files = list(two_stage.save(two_stage.Layer(settings, 16, 2), work))
        write_tokenizer(work / "tokenizer.json")
        manifest = Manifest(
            "tiny",
            "two_stage",
            "torch",
            LABELS,
            {"max_length": 12, "layer": settings, "base": str(base_folder)},
            folder.hashes(work, [*files, "tokenizer.json"]),
            base=resolve(str(base_folder)).record,
            cleaning="none",
        )
        folder.write_manifest(work, manifest)
    return tmp_path / "two_stage"


@pytest.fixture
def edit_manifest():
    """Change values of a folder's manifest."""

    def edit(path: Path, **values: object) -> None:
        file = path / "manifest.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    return edit
