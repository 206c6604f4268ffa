from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from hatelens.serving.keyring import Keyring
from hatelens.storage import database as databases
from hatelens.storage import keys
from hatelens.storage.database import Database
from hatelens.storage.keys import Key


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = databases.opened(f"sqlite:///{tmp_path / 'record.db'}")
    yield opened
    opened.close()


class Looked:
    """Looks keys up in the database, and counts how often."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.times = 0
        self.now = 0.0

    def find(self, token: str) -> Key | None:
        self.times += 1
        return keys.find(self.database, token)

    def clock(self) -> float:
        return self.now


def test_a_found_key_is_held_for_seconds_and_a_revoked_one_no_longer(database: Database) -> None:
    key, token = keys.add(database, "forum")
    looked = Looked(database)
    held = Keyring(looked.find, clock=looked.clock)

    async def asked() -> None:
        assert await held.find(token) == key
        keys.revoke(database, key.id)
        looked.now = 4.9
        assert await held.find(token) == key
        assert looked.times == 1
        looked.now = 5.1
        assert await held.find(token) is None
        looked.now = 5.2
        assert await held.find(token) is None

    anyio.run(asked)
    assert looked.times == 3


def test_the_cache_is_bounded_and_holds_no_token(database: Database) -> None:
    tokens = [keys.add(database, f"forum {n}")[1] for n in range(5)]
    looked = Looked(database)
    held = Keyring(looked.find, most=3, clock=looked.clock)

    async def asked() -> None:
        for token in (*tokens, "hl_" + "x" * 43, "no key"):
            await held.find(token)
        assert looked.times == 6  # what is no token at all is not looked up
        await held.find(tokens[4])
        assert looked.times == 6
        await held.find(tokens[0])
        assert looked.times == 7

    anyio.run(asked)
    assert len(held._held) == 3
    assert not [token for token in tokens if token in repr(held._held)]
