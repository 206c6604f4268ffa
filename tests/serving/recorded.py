"""Answers put on record without asking a model: whatever a report or a page is to show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hatelens.storage import clock, identity
from hatelens.storage import database as databases
from hatelens.storage.answers import Answer
from hatelens.storage.ledger import Ledger

SPRING = clock.moment("2026-03-01T12:00")


def url(folder: Path) -> str:
    """Return the address of the record in a folder."""
    return f"sqlite:///{folder / 'record.db'}"


def an_answer(**changed: Any) -> Answer:
    """Return an answer like any other, with something changed."""
    fields: dict[str, Any] = {
        "id": identity.new(),
        "request": identity.new(),
        "place": 0,
        "time": SPRING,
        "route": "/infer",
        "key": "",
        "community": "",
        "model": "keywords-1",
        "policy": "policy-1",
        "label": "kind",
        "hateful": 0.1,
        "decision": "clear",
        "scores": {"scores": {"kind": 0.9, "unkind": 0.1}, "attributes": {}, "targets": {}},
        "language": "en",
        "latency": 8.0,
        "text_hash": "ab" * 32,
        "length": 12,
    }
    return Answer(**(fields | changed))


def write(folder: Path, answers: Sequence[Answer]) -> str:
    """Put answers on record in a folder; return the address of the database."""
    address = url(folder)
    database = databases.opened(address)
    ledger = Ledger(database)
    try:
        ledger.write(answers).result(timeout=30)
    finally:
        ledger.close()
        database.close()
    return address
