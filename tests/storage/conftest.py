"""The record on both databases, and entries like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hatelens.storage import clock, identity
from hatelens.storage.answers import Answer
from hatelens.storage.database import Database
from hatelens.storage.ledger import Ledger
from tests.databases import database, database_url, postgresql

__all__ = ["answer", "database", "database_url", "ledger", "postgresql"]

SPRING = clock.moment("2026-03-01T12:00")
SCORES = {"scores": {"kind": 0.9, "unkind": 0.1}, "attributes": {"insult": 0.1}, "targets": {}}


def an_answer(**changed: Any) -> Answer:
    fields: dict[str, Any] = {
        "id": identity.new(), "request": identity.new(), "place": 0, "time": SPRING,
        "route": "/infer", "key": "", "community": "", "model": "model-1", "policy": "policy-1",
        "label": "kind", "hateful": 0.1, "decision": "clear", "scores": SCORES, "language": "en",
        "latency": 8.25, "text_hash": "ab" * 32, "length": 12,
    }  # fmt: skip
    return Answer(**(fields | changed))


@pytest.fixture
def answer() -> Callable[..., Answer]:
    """Return the function that makes an answer with something changed."""
    return an_answer


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    opened = Ledger(database)
    yield opened
    opened.close()
