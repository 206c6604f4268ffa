"""What adapters say of texts, kept on disk: a killed run goes on, and nothing is asked twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from hatelens.labels import Floats
from hatelens.models.adapters import Adapted
from hatelens.models.windows import Range
from hatelens.progress import track

_BATCH = 256  # answers between two writes
_LOOKUP = 500


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
        keys = [self._key(*pair) for pair in zip(texts, adapters, strict=True)]
        with self._open() as database:
            said = _read(database, sorted(set(keys)))
            asked = zip(keys, texts, adapters, strict=True)
            missing = {key: (text, name) for key, text, name in asked if key not in said}
            for made in self._make(missing):
                database.executemany("INSERT OR IGNORE INTO said VALUES (?, ?)", made.items())
                database.commit()
                said |= made
        return np.stack([np.frombuffer(said[key]) for key in keys])

    def combined(self, texts: Sequence[str], weights: Floats) -> Floats:
        """Return raw scores under each text's weighted sum of updates, never remembered."""
        return self.adapted.combined(texts, weights)

    def windows(self, text: str) -> list[Range]:
        """Cut a cleaned text into overlapping ranges that fit."""
        return self.adapted.windows(text)

    def _key(self, text: str, name: str) -> bytes:
        content = f"{self._versions[name]}\0{text}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(content).digest()

    def _make(self, missing: Mapping[bytes, tuple[str, str]]) -> Iterator[dict[bytes, bytes]]:
        # alike in length: less padding
        order = sorted(missing.items(), key=lambda item: len(item[1][0]))
        parts = [order[begin : begin + _BATCH] for begin in range(0, len(order), _BATCH)]
        for part in track(parts, "Asking adapters", shown=len(parts) > 1):
            texts, names = zip(*(pair for _, pair in part), strict=True)
            rows = self.adapted.logits(texts, names)
            yield {key: row.tobytes() for (key, _), row in zip(part, rows, strict=True)}

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=60)) as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS said (key BLOB PRIMARY KEY, row BLOB) WITHOUT ROWID"
            )
            yield database


def _read(database: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for begin in range(0, len(keys), _LOOKUP):
        part = keys[begin : begin + _LOOKUP]
        marks = ",".join("?" * len(part))
        rows = database.execute(
            f"SELECT key, row FROM said WHERE key IN ({marks})",  # noqa: S608 -- marks only
            part,
        )
        found.update(rows)
    return found
