"""The chain: each entry carries the hash of the one before, and one row holds the head."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from hatelens.errors import StorageError
from hatelens.storage import canonical
from hatelens.storage.tables import chain, entries

HEAD = 1
START = "0" * 64


@dataclass(frozen=True, slots=True)
class Line:
    """What the chain is to say of a row.

    Attributes:
        time: of the row, microseconds since 1970 in UTC.
        kind: ``answer``, ``suggestion`` or the kind of an event.
        subject: id of the row.
        digest: SHA-256 of the row's canonical JSON, in hex.
    """

    time: int
    kind: str
    subject: str
    digest: str


def linked(previous: str, seq: int, line: Line) -> str:
    """Return the hash of an entry: over the hash before it and everything that it says."""
    said = {
        "seq": seq,
        "time": line.time,
        "kind": line.kind,
        "subject": line.subject,
        "digest": line.digest,
    }
    return hashlib.sha256((previous + canonical.written(said)).encode("ascii")).hexdigest()


def head(connection: Connection) -> Row[int, str] | None:
    """Return number and hash of the last entry; None where even the row for them is gone."""
    return connection.execute(_head()).first()


def lock(connection: Connection) -> Row[int, str]:
    """Return the head and hold it until the transaction ends: writers take turns here.

    Raises:
        StorageError: the row of the head is gone.
    """
    found = connection.execute(_head().with_for_update()).first()
    if found is None:
        raise StorageError(
            "The database has lost the head of its audit chain, so nothing can be recorded; "
            "restore a backup, or begin a new database."
        )
    return found


def append(connection: Connection, lines: Sequence[Line]) -> None:
    """Add entries, in this order, after those that any process has added before."""
    seq, previous = lock(connection)
    rows: list[dict[str, Any]] = []
    for line in lines:
        seq += 1
        rows.append(_row(previous, seq, line))
        previous = rows[-1]["hash"]
    if rows:
        connection.execute(insert(entries), rows)
        connection.execute(update(chain).where(chain.c.id == HEAD).values(seq=seq, hash=previous))


def _head() -> Select[int, str]:
    return select(chain.c.seq, chain.c.hash).where(chain.c.id == HEAD)


def _row(previous: str, seq: int, line: Line) -> dict[str, Any]:
    return {
        "seq": seq,
        "time": line.time,
        "kind": line.kind,
        "subject": line.subject,
        "digest": line.digest,
        "previous": previous,
        "hash": linked(previous, seq, line),
    }
