"""The kind ``linear``: logistic regression on hashed character and word n-grams, in numpy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from hatelens.labels import Floats
from hatelens.models.manifest import Manifest
from hatelens.models.ngrams import Counts, NGrams
from hatelens.models.windows import Range, by_characters

WEIGHTS = "model.safetensors"
WINDOW = 2000
"""Characters read at once: in a longer text, one hateful sentence would drown."""
OVERLAP = 200
_BATCH = 1024


@dataclass(frozen=True)
class Linear:
    """Weights of a linear model over hashed n-grams; a ``Scorer``.

    The value of a feature is (1 + log count) x idf, each text scaled to length 1.

    Attributes:
        counter: which n-grams are counted.
        idf: inverse document frequency per bucket, shape (buckets,).
        weight: shape (buckets, labels).
        bias: shape (labels,).
    """

    counter: NGrams
    idf: NDArray[np.float32]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return raw scores, shape (texts, labels)."""
        parts = [
            self._logits(self.counter.count(texts[begin : begin + _BATCH]))
            for begin in range(0, len(texts), _BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.bias)))

    def windows(self, text: str) -> list[Range]:
        """Cut a text into ranges of ``WINDOW`` characters."""
        return by_characters(len(text), WINDOW, OVERLAP)

    def _logits(self, counts: Counts) -> Floats:
        weighted = self.weight[counts.buckets] * values(counts, self.idf)[:, None]
        running = np.cumsum(weighted, axis=0, dtype=np.float64)
        sums = np.concatenate([np.zeros((1, len(self.bias))), running])
        rows = sums[counts.starts[1:]] - sums[counts.starts[:-1]]
        return rows + self.bias

    def save(self, folder: Path) -> tuple[str, ...]:
        """Write the weights and return the names of the files."""
        tensors = {"idf": self.idf, "weight": self.weight, "bias": self.bias}
        save_file(tensors, folder / WEIGHTS)
        return (WEIGHTS,)


def values(counts: Counts, idf: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weigh counts by (1 + log count) x idf and scale every text to length 1, shape (entries,)."""
    weighted = (1.0 + np.log(counts.counts)) * idf[counts.buckets]
    squares = np.concatenate([[0.0], np.cumsum(weighted.astype(np.float64) ** 2)])
    norms = np.sqrt(squares[counts.starts[1:]] - squares[counts.starts[:-1]])
    lengths = np.repeat(np.maximum(norms, 1e-12), np.diff(counts.starts))
    return (weighted / lengths).astype(np.float32)


def ngrams(settings: Mapping[str, Any]) -> NGrams:
    """Return the n-grams that an architecture (recipe or manifest) names."""
    chars, words = settings["char_ngrams"], settings["word_ngrams"]
    return NGrams(settings["buckets"], (chars[0], chars[1]), (words[0], words[1]))


def load(folder: Path, manifest: Manifest) -> Linear:
    """Read the weights of a folder of this kind."""
    tensors = load_file(folder / WEIGHTS)
    counter = ngrams(manifest.architecture)
    return Linear(counter, tensors["idf"], tensors["weight"], tensors["bias"])
