"""Reviewers and items of the queue, for tests that need some."""

from __future__ import annotations

from typing import Any

from hatelens.storage import identity, reviews, users
from hatelens.storage.answers import Answer
from hatelens.storage.database import Database
from hatelens.storage.ledger import Ledger
from hatelens.storage.reviews import Item, Waiting
from hatelens.storage.texts import Kept
from hatelens.storage.users import User
from tests.storage.conftest import SPRING, an_answer

PASSWORD = "a calm horse counts Zorblaxians"
MINUTE = 60_000_000
LEASE = 5 * MINUTE


def reviewer(database: Database, name: str = "anna", role: str = "reviewer") -> User:
    return users.add(database, name, PASSWORD, role)


def queued(
    ledger: Ledger, priority: float = 0.5, *, until: int | None = None, **changed: Any
) -> Answer:
    """Put a flagged answer with its own text on record and into the queue."""
    fields: dict[str, Any] = {
        "label": "unkind",
        "hateful": 0.8,
        "decision": "flag",
        "text_hash": identity.new(),
    }
    answer = an_answer(**(fields | changed))
    kept = Kept(answer.text_hash, b"sealed " + answer.id.encode(), None)
    waiting = Waiting(answer.id, answer.time, answer.text_hash, answer.community, priority)
    ledger.write([answer], [kept], [waiting]).result(30)
    return answer


def claimed(database: Database, user: str, now: int = SPRING) -> Item:
    """Claim an item that must be there."""
    item = reviews.claim(database, user, now, LEASE)
    assert item is not None
    return item
