"""What a strong detector says of many texts, kept on disk so that a killed run goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from hatelens.labels import Floats
from hatelens.models import kept, reading
from hatelens.models.detector import Detector
from hatelens.progress import track

_BATCH = 256  # texts scored between two writes


class Teacher:
    """A detector that remembers what it said, by the hash of the text.

    Args:
        detector: of any kind.
        folder: where its answers are kept, one file per model version; made where it is missing.
    """

    def __init__(self, detector: Detector, folder: Path) -> None:
        self.detector = detector
        self._path = folder / f"{detector.model_version}.sqlite"

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return the probability of each label of each text, shape (texts, labels)."""
        keys = [kept.key(text) for text in texts]
        said = kept.remembered(self._path, dict(zip(keys, texts, strict=True)), self._make)
        rows = [np.frombuffer(said[key]) for key in keys]
        return np.array(rows).reshape(len(keys), len(self.detector.labels))

    def _make(self, missing: Mapping[bytes, str]) -> Iterator[Mapping[bytes, bytes]]:
        order = sorted(missing, key=lambda key: len(missing[key]))  # alike in length: less padding
        batches = [order[begin : begin + _BATCH] for begin in range(0, len(order), _BATCH)]
        names = self.detector.labels.names
        for batch in track(batches, "Scoring"):
            answers = reading.predict(self.detector, [missing[key] for key in batch])
            rows = [np.array([one.scores[name] for name in names]).tobytes() for one in answers]
            yield dict(zip(batch, rows, strict=True))
