"""The texts themselves, sealed, by their keyed hash; nothing else on record needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Insert, case, null, select
from sqlalchemy.dialects import postgresql, sqlite

from hatelens.storage.tables import texts


@dataclass(frozen=True, slots=True)
class Kept:
    """A text to be kept.

    Attributes:
        text_hash: its keyed hash, in hex.
        sealed: the text, encrypted.
        until: when it is to be erased, microseconds since 1970 in UTC; None for never.
    """

    text_hash: str
    sealed: bytes
    until: int | None


def keep(connection: Connection, kept: Sequence[Kept]) -> None:
    """Store texts; one that is there already stays as long as the longer of both would."""
    if kept:
        rows = [
            {"text_hash": one.text_hash, "sealed": one.sealed, "until": one.until} for one in kept
        ]
        connection.execute(_insertion(connection.dialect.name), rows)


def sealed(connection: Connection, text_hash: str) -> bytes | None:
    """Return the encrypted text of a hash; None where none is kept."""
    return connection.execute(select(texts.c.sealed).where(texts.c.text_hash == text_hash)).scalar()


def _insertion(dialect: str) -> Insert:
    wanted = sqlite.insert(texts) if dialect == "sqlite" else postgresql.insert(texts)
    new = wanted.excluded.until
    old = texts.c.until
    longer = case((old.is_(None) | new.is_(None), null()), (new > old, new), else_=old)
    return wanted.on_conflict_do_update(index_elements=["text_hash"], set_={"until": longer})
