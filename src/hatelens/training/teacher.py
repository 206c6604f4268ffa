"""What a strong detector says of many texts, kept on disk so that a killed run goes on."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from hatelens.labels import Floats
from hatelens.models import reading
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
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        with self._open() as database:
            said = {key: np.frombuffer(row) for key, row in database.execute("SELECT * FROM said")}
            missing = {k: text for k, text in zip(keys, texts, strict=True) if k not in said}
            for made in self._make(missing):
                rows = [(key, row.tobytes()) for key, row in made.items()]
                database.executemany("INSERT OR IGNORE INTO said VALUES (?, ?)", rows)
                database.commit()
                said |= made
        return np.array([said[key] for key in keys]).reshape(len(keys), len(self.detector.labels))

    def _make(self, missing: dict[bytes, str]) -> Iterator[dict[bytes, Floats]]:
        order = sorted(missing, key=lambda key: len(missing[key]))  # alike in length: less padding
        batches = [order[begin : begin + _BATCH] for begin in range(0, len(order), _BATCH)]
        names = self.detector.labels.names
        for batch in track(batches, "Scoring"):
            answers = reading.predict(self.detector, [missing[key] for key in batch])
            rows = [np.array([one.scores[name] for name in names]) for one in answers]
            yield dict(zip(batch, rows, strict=True))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path)) as database:
            database.execute("CREATE TABLE IF NOT EXISTS said (key BLOB PRIMARY KEY, row BLOB)")
            yield database
