"""A ``linear`` model exported to ONNX: the n-grams are hashed here, the rest is in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from hatelens.labels import Floats
from hatelens.models.linear import OVERLAP, WINDOW, ngrams
from hatelens.models.manifest import Manifest
from hatelens.models.ngrams import Counts, NGrams
from hatelens.models.windows import Range, by_characters

WEIGHTS = "model.onnx"
_BATCH = 64


class LinearGraph:
    """An ONNX graph from padded n-gram counts to logits; a ``Scorer``.

    Args:
        path: of ``model.onnx``; inputs ``buckets`` (int64) and ``counts`` (float32, 0 for padding),
            both of shape (texts, n-grams); output ``logits``.
        counter: counts the n-grams.
    """

    def __init__(self, path: Path, counter: NGrams) -> None:
        self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self._counter = counter

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return raw scores of cleaned texts, shape (texts, labels)."""
        parts = [
            self._run(self._counter.count(texts[begin : begin + _BATCH]))
            for begin in range(0, len(texts), _BATCH)
        ]
        return np.concatenate(parts)

    def windows(self, text: str) -> list[Range]:
        """Cut a text into ranges of ``WINDOW`` characters."""
        return by_characters(len(text), WINDOW, OVERLAP)

    def _run(self, counts: Counts) -> Floats:
        sizes = np.diff(counts.starts)
        shape = (len(sizes), max(1, int(sizes.max())))
        filled = np.arange(shape[1]) < sizes[:, None]
        buckets, padded = np.zeros(shape, np.int64), np.zeros(shape, np.float32)
        buckets[filled], padded[filled] = counts.buckets, counts.counts
        (logits,) = self._session.run(["logits"], {"buckets": buckets, "counts": padded})
        return np.asarray(logits, dtype=np.float64)


def load(folder: Path, manifest: Manifest) -> LinearGraph:
    """Open an exported folder of the kind ``linear``."""
    return LinearGraph(folder / WEIGHTS, ngrams(manifest.architecture))
