"""Erasing: a text when somebody asks, texts and answers when their time is over.

An erased text leaves the chain as it is, for the chain never knew it. Answers that are removed
leave their entries, and an event that says up to when rows may be missing.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, delete, select

from hatelens.storage import audit, chain, clock, identity, record, settling
from hatelens.storage.audit import Event
from hatelens.storage.database import Database
from hatelens.storage.tables import answers, shadows, suggestions, texts

PART = 5000


def erase(database: Database, text_hash: str) -> int:
    """Erase the text of a hash; what was answered stays on record, without it.

    Args:
        database: the record.
        text_hash: keyed hash, in hex.

    Returns:
        How many texts were erased: 0 or 1.

    Raises:
        StorageError: the database cannot be used.
    """
    with database.begin() as connection:
        chain.lock(connection)  # first, as who stores texts does: else both could wait for ever
        found = connection.execute(delete(texts).where(texts.c.text_hash == text_hash)).rowcount
        if found:
            record.note(connection, _event("text.erase", text_hash, texts=found))
    if found:
        settling.lapse(database, clock.now())
    return found


def expire(database: Database, now: int) -> int:
    """Erase the texts whose time is over.

    Args:
        database: the record.
        now: microseconds since 1970 in UTC.

    Returns:
        How many were erased.

    Raises:
        StorageError: the database cannot be used.
    """
    over = texts.c.until <= now
    if not _there(database, texts, over):
        return 0
    erased = 0
    while found := _part(database, texts, over, "text.expire"):
        erased += found
    settling.lapse(database, now)
    return erased


def forget(database: Database, before: int) -> int:
    """Remove answers and suggestions from before a moment; the chain keeps their entries.

    Args:
        database: the record.
        before: microseconds since 1970 in UTC.

    Returns:
        How many rows were removed.

    Raises:
        StorageError: the database cannot be used.
    """
    old = [one for one in (answers, suggestions) if _there(database, one, one.c.time < before)]
    if not old:
        return 0
    # First said, then done: whatever happens in between, no row is missing without a word.
    with database.begin() as connection:
        record.note(connection, _event(audit.EXPIRED, "", before=before))
    removed = 0
    for one in old:
        while found := _part(database, one, one.c.time < before):
            removed += found
    while _part(database, shadows, shadows.c.time < before):
        pass  # what was said of the same texts beside the answers goes with them
    settling.lapse(database, clock.now())
    return removed


def _there(database: Database, table: Table, over: ColumnElement[bool]) -> bool:
    """Look first, so that an hourly look at nothing locks nobody out."""
    with database.read() as connection:
        return connection.execute(select(table).where(over).limit(1)).first() is not None


def _part(database: Database, table: Table, over: ColumnElement[bool], noted: str = "") -> int:
    """Remove some rows, few enough that those who record answers need not wait for long."""
    key = next(iter(table.primary_key))
    some = select(key).where(over).limit(PART)
    with database.begin() as connection:
        if noted:
            chain.lock(connection)
        found = connection.execute(delete(table).where(key.in_(some))).rowcount
        if found and noted:
            record.note(connection, _event(noted, "", texts=found))
    return found


def _event(kind: str, subject: str, **facts: int) -> Event:
    return Event(identity.new(), clock.now(), kind, subject, facts)
