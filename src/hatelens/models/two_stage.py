"""The kind ``two_stage``: a frozen sentence embedding and a classification layer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from hatelens.labels import Floats
from hatelens.models.base import recorded
from hatelens.models.embedding import Embedder, EmbeddingCache
from hatelens.models.manifest import Manifest
from hatelens.models.windows import Range

WEIGHTS = "model.safetensors"
ACTIVATIONS: Mapping[str, type[torch.nn.Module]] = {
    "relu": torch.nn.ReLU,
    "gelu": torch.nn.GELU,
    "tanh": torch.nn.Tanh,
    "silu": torch.nn.SiLU,
}


class Layer(torch.nn.Module):
    """The classification layer: linear, or one hidden layer.

    Args:
        settings: ``{"type": "linear"}``, or ``{"type": "mlp", "width", "activation", "dropout"}``.
        width: of the embeddings.
        classes: number of labels.
    """

    def __init__(self, settings: Mapping[str, Any], width: int, classes: int) -> None:
        super().__init__()
        # Unit vectors have tiny components; initialisation and learning rates expect variance 1.
        self._scale = math.sqrt(width)
        self.stack = torch.nn.Sequential(*_modules(settings, width, classes))

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Return logits, shape (texts, labels), of embeddings, shape (texts, width)."""
        return self.stack(embeddings * self._scale)


class TwoStage(torch.nn.Module):
    """Embedding and layer as one module; a ``Scorer``.

    Args:
        embedder: makes the embeddings.
        layer: turns them into logits.
    """

    def __init__(self, embedder: Embedder | EmbeddingCache, layer: Layer) -> None:
        super().__init__()
        self._embedder = embedder
        self.encoder = embedder.encoder
        self.layer = layer
        self.eval()  # of the whole: an export restores this module's mode in all of its parts

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return logits, shape (texts, labels), of token ids."""
        return self.layer(self.encoder(input_ids, attention_mask))

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return raw scores of cleaned texts, shape (texts, labels)."""
        return layer_logits(self.layer, self._embedder.embed(texts))

    def windows(self, text: str) -> list[Range]:
        """Cut a text into overlapping ranges that fit."""
        return self._embedder.windows(text)


def layer_logits(layer: Layer, embeddings: np.ndarray) -> Floats:
    """Return the layer's logits, shape (texts, labels), in float64."""
    with torch.inference_mode():
        return layer(torch.from_numpy(embeddings)).double().numpy()


def save(layer: Layer, folder: Path) -> tuple[str, ...]:
    """Write the layer's weights and return the names of the files."""
    save_file(layer.state_dict(), folder / WEIGHTS)
    return (WEIGHTS,)


def load(folder: Path, manifest: Manifest) -> TwoStage:
    """Open a folder of this kind.

    Raises:
        ModelError: its base model is not at hand, or is not the one it was trained on.
    """
    base = recorded(folder, manifest.base)
    settings = manifest.architecture
    embedder = Embedder(base, settings["max_length"])
    layer = Layer(settings["layer"], embedder.width, len(manifest.labels))
    layer.load_state_dict(load_file(folder / WEIGHTS))
    return TwoStage(embedder, layer)


def _modules(settings: Mapping[str, Any], width: int, classes: int) -> list[torch.nn.Module]:
    if settings["type"] == "linear":
        return [torch.nn.Linear(width, classes)]
    return [
        torch.nn.Linear(width, settings["width"]),
        ACTIVATIONS[settings["activation"]](),
        torch.nn.Dropout(settings["dropout"]),
        torch.nn.Linear(settings["width"], classes),
    ]
