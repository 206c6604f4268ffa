"""What was computed is kept on disk by key: a killed run goes on, and nothing is made twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

Asked = TypeVar("Asked")
_LOOKUP = 500


def key(*parts: str) -> bytes:
    """Return the key of what is asked: a sha256 over all that decides the answer."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def remembered(
    path: Path,
    asked: Mapping[bytes, Asked],
    make: Callable[[Mapping[bytes, Asked]], Iterator[Mapping[bytes, bytes]]],
) -> dict[bytes, bytes]:
    """Return the answer to everything that is asked, made or kept.

    Args:
        path: of the SQLite file; made where it is missing. It holds keys and answers alone.
        asked: key to what is asked.
        make: yields answers to what is not there yet, part by part. Each part is written before
            the next is made; an answer that was there already stays as it was.
    """
    with _opened(path) as database:
        found = _read(database, sorted(asked))
        for made in make({each: value for each, value in asked.items() if each not in found}):
            database.executemany("INSERT OR IGNORE INTO kept VALUES (?, ?)", made.items())
            database.commit()
            found = {**made, **found}
    return found


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=60)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, answer BLOB) WITHOUT ROWID"
        )
        yield database


def _read(database: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for begin in range(0, len(keys), _LOOKUP):
        part = keys[begin : begin + _LOOKUP]
        marks = ",".join("?" * len(part))
        rows = database.execute(
            f"SELECT key, answer FROM kept WHERE key IN ({marks})",  # noqa: S608 -- marks only
            part,
        )
        found.update(rows)
    return found
