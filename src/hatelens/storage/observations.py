"""What is measured of texts that were answered, so that drift is seen without storing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select

from hatelens.storage import canonical
from hatelens.storage.database import Database
from hatelens.storage.tables import observations, watches


@dataclass(frozen=True, slots=True)
class Observed:
    """What is measured of one text.

    Attributes:
        time: when it was answered, microseconds since 1970 in UTC.
        model: version of the model that answered.
        score: probability that it is hateful, 0-1.
        length: characters.
        language: ISO 639-1 code; empty where it is not sure.
        sketch: one bin of the reference per projection of its words, a byte each.
        id: number in the order in which they were written; 0 before.
    """

    time: int
    model: str
    score: float
    length: int
    language: str
    sketch: bytes
    id: int = 0


def add(database: Database, found: Sequence[Observed]) -> None:
    """Write down what was measured of texts that one model has answered.

    Raises:
        StorageError: the database cannot be used.
    """
    rows = [asdict(one) | {"score": canonical.number(one.score)} for one in found]
    for row in rows:
        del row["id"]
    if not rows:
        return
    with database.begin() as connection:
        # Numbers become visible in their order, or who reads on from a number would miss some:
        # whoever writes for a model holds its watch until all is committed.
        held = select(watches.c.seen).where(watches.c.model == found[0].model)
        connection.execute(held.with_for_update())
        connection.execute(insert(observations), rows)


def after(database: Database, model: str, seen: int, most: int) -> list[Observed]:
    """Return what came after a number, in order.

    Args:
        database: the record.
        model: version of the model that answered.
        seen: number of the last one that is known.
        most: number of rows at most.

    Raises:
        StorageError: the database cannot be read.
    """
    wanted = (
        select(observations)
        .where(observations.c.id > seen, observations.c.model == model)
        .order_by(observations.c.id)
        .limit(most)
    )
    with database.read() as connection:
        return [Observed(**row._asdict()) for row in connection.execute(wanted)]


def scores(database: Database, model: str, most: int) -> list[float]:
    """Return the scores of the newest texts that a model has answered, the newest first.

    Raises:
        StorageError: the database cannot be read.
    """
    wanted = (
        select(observations.c.score)
        .where(observations.c.model == model)
        .order_by(observations.c.id.desc())
        .limit(most)
    )
    with database.read() as connection:
        return list(connection.execute(wanted).scalars())


def forget(database: Database, before: int) -> int:
    """Remove what is older than a time; return how many rows that were.

    Raises:
        StorageError: the database cannot be used.
    """
    with database.begin() as connection:
        return connection.execute(delete(observations).where(observations.c.time < before)).rowcount
