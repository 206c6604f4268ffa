"""The gate of a mixture: the weight of each adapter for a text, from its sentence embedding."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from hatelens.labels import Floats
from hatelens.models.base import recorded
from hatelens.models.decision import softmax
from hatelens.models.embedding import Embedder, EmbeddingCache
from hatelens.models.manifest import Base

WEIGHTS = "gate.safetensors"


class Network(torch.nn.Module):
    """The network of system B: embedding, a few hidden units, one output per adapter.

    Args:
        embedding: width of the sentence embeddings.
        width: hidden units.
        outputs: adapters.
    """

    def __init__(self, embedding: int, width: int, outputs: int) -> None:
        super().__init__()
        # Unit vectors have tiny components; initialisation and learning rates expect variance 1.
        self._scale = math.sqrt(embedding)
        self.stack = torch.nn.Sequential(
            torch.nn.Linear(embedding, width), torch.nn.ReLU(), torch.nn.Linear(width, outputs)
        )

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Return logits, shape (texts, adapters), of embeddings, shape (texts, width)."""
        return self.stack(embeddings * self._scale)


class Gate:
    """Weights of adapters for texts.

    Args:
        embedder: makes the sentence embeddings.
        network: turns them into logits.
        names: the adapters that are weighed, in the order of the network's outputs.
        temperature: what the logits are divided by, above 0.
    """

    def __init__(
        self,
        embedder: Embedder | EmbeddingCache,
        network: Network,
        names: Sequence[str],
        temperature: float = 1.0,
    ) -> None:
        self.embedder = embedder
        self.network = network.eval()
        self.names = tuple(names)
        self.temperature = temperature

    def weights(self, texts: Sequence[str]) -> Floats:
        """Return the weights of cleaned texts, shape (texts, adapters); rows sum to 1."""
        return self.of(self.embedder.embed(texts))

    def of(self, embeddings: np.ndarray) -> Floats:
        """Return the weights of texts by their embeddings."""
        with torch.inference_mode():
            logits = self.network(torch.from_numpy(embeddings)).double().numpy()
        return softmax(logits / self.temperature)


def save(gate: Gate, folder: Path) -> tuple[str, ...]:
    """Write the gate's weights and return the names of the files."""
    save_file(gate.network.state_dict(), folder / WEIGHTS)
    return (WEIGHTS,)


def settings(gate: Gate, base: Base, max_length: int) -> dict[str, Any]:
    """Return what a manifest needs to open the gate again, as plain JSON values.

    Args:
        gate: the gate.
        base: of its embeddings.
        max_length: tokens that the embedding reads.
    """
    width = gate.network.stack[0].out_features
    return {
        "base": asdict(base),
        "max_length": max_length,
        "width": width,
        "names": list(gate.names),
        "temperature": gate.temperature,
    }


def load(folder: Path, values: Mapping[str, Any]) -> Gate:
    """Open the gate of a model folder.

    Args:
        folder: of the mixture.
        values: from ``settings``.

    Raises:
        ModelError: the base of its embeddings is not at hand, or is another one.
    """
    base = recorded(folder, Base(**values["base"]))
    embedder = Embedder(base, values["max_length"])
    network = Network(embedder.width, values["width"], len(values["names"]))
    network.load_state_dict(load_file(folder / WEIGHTS))
    return Gate(embedder, network, values["names"], values["temperature"])
