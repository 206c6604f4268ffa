"""What adapters say of texts, kept on disk: a killed run goes on, and nothing is asked twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from hatelens.labels import Floats
from hatelens.models import kept
from hatelens.models.adapters import Adapted
from hatelens.models.windows import Range
from hatelens.progress import track

_BATCH = 256  # answers between two writes


class Opinions:
    """An ``Adapted`` that remembers, by the hash of adapter and text.

    Args:
        adapted: answers what is not there yet.
        versions: of each adapter, by name; another version is asked anew.
        path: of the SQLite file; made where it is missing. It holds scores and hashes, no text.
    """

    def __init__(self, adapted: Adapted, versions: Mapping[str, str], path: Path) -> None:
        self.adapted = adapted
        self.names = adapted.names
        self._versions = versions
        self._path = path

    def logits(self, texts: Sequence[str], adapters: Sequence[str]) -> Floats:
        """Return raw scores of cleaned texts, each by its adapter, shape (texts, labels)."""
        asked = list(zip(texts, adapters, strict=True))
        keys = [kept.key(self._versions[name], text) for text, name in asked]
        said = kept.remembered(self._path, dict(zip(keys, asked, strict=True)), self._make)
        return np.stack([np.frombuffer(said[key]) for key in keys])

    def combined(self, texts: Sequence[str], weights: Floats) -> Floats:
        """Return raw scores under each text's weighted sum of updates, never remembered."""
        return self.adapted.combined(texts, weights)

    def windows(self, text: str) -> list[Range]:
        """Cut a cleaned text into overlapping ranges that fit."""
        return self.adapted.windows(text)

    def _make(self, missing: Mapping[bytes, tuple[str, str]]) -> Iterator[dict[bytes, bytes]]:
        # alike in length: less padding
        order = sorted(missing.items(), key=lambda item: len(item[1][0]))
        parts = [order[begin : begin + _BATCH] for begin in range(0, len(order), _BATCH)]
        for part in track(parts, "Asking adapters", shown=len(parts) > 1):
            texts, names = zip(*(pair for _, pair in part), strict=True)
            rows = self.adapted.logits(texts, names)
            yield {key: row.tobytes() for (key, _), row in zip(part, rows, strict=True)}
