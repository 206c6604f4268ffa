from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hatelens.errors import StorageError
from hatelens.serving.scribe import Scribe
from hatelens.storage import clock, identity, tables
from hatelens.storage import database as databases
from hatelens.storage.audit import Event
from hatelens.storage.database import Database
from hatelens.storage.ledger import Ledger


class Counting(Ledger):
    """Counts how often it is handed something."""

    def __init__(self, database: Database) -> None:
        self.pages: list[int] = []
        super().__init__(database)

    def write(self, entries, kept=(), waiting=()):
        self.pages.append(len(entries))
        return super().write(entries, kept, waiting)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = databases.opened(f"sqlite:///{tmp_path / 'record.db'}")
    yield opened
    opened.close()


@pytest.fixture
def ledger(database: Database) -> Iterator[Counting]:
    opened = Counting(database)
    yield opened
    opened.close()


def event(name: str, kind: str = "test.done") -> Event:
    return Event(identity.new(), clock.now(), kind, name, {})


def subjects(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.scalars(select(tables.events.c.subject)))


def test_what_is_ready_in_the_same_moment_is_handed_in_together(database, ledger) -> None:
    async def body() -> None:
        scribe = Scribe(ledger)
        await asyncio.gather(*(scribe.write([event(f"{n}")]) for n in range(5)))
        await scribe.write([event("later")])

    asyncio.run(body())
    assert ledger.pages == [5, 1]
    assert subjects(database) >= {"0", "1", "2", "3", "4", "later"}


def test_one_that_cannot_be_written_does_not_take_the_others_along(database, ledger) -> None:
    async def body() -> tuple[object, ...]:
        scribe = Scribe(ledger)
        wrong = scribe.write([event("wrong", kind="nodot")])
        waiting = (scribe.write([event("a")]), wrong, scribe.write([event("b")]))
        return tuple(await asyncio.gather(*waiting, return_exceptions=True))

    first, refused, last = asyncio.run(body())
    assert first is None
    assert last is None
    assert isinstance(refused, ValueError)
    assert {"a", "b"} <= subjects(database)
    assert "wrong" not in subjects(database)


def test_who_has_gone_is_not_told(ledger) -> None:
    async def body() -> None:
        scribe = Scribe(ledger)
        gone = asyncio.ensure_future(scribe.write([event("gone")]))
        stayed = asyncio.ensure_future(scribe.write([event("stayed")]))
        await asyncio.sleep(0)
        gone.cancel()
        await stayed

    asyncio.run(body())
    assert ledger.pages == [2]


def test_a_closed_ledger_is_said(database) -> None:
    closed = Ledger(database)
    closed.close()
    with pytest.raises(StorageError, match="is stopping"):
        asyncio.run(Scribe(closed).write([event("a")]))
