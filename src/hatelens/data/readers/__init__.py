"""Readers: how the files of a card become examples. An ordinary table needs none of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hatelens.data.card import Card
from hatelens.data.dataset import Reading
from hatelens.errors import DataError
from hatelens.registry import Registry


@dataclass(frozen=True)
class Located:
    """A file of a card on this machine.

    Attributes:
        path: where it is.
        split: the official split that all of it belongs to; None where a column tells.
    """

    path: Path
    split: str | None = None


Reader = Callable[[Card, Sequence[Located]], Reading]

READERS = Registry(
    "reader",
    {
        "templates": "hatelens.data.readers.templates:read",
        "table": "hatelens.data.readers.table:read",
        "hatexplain": "hatelens.data.readers.hatexplain:read",
        "social_bias_frames": "hatelens.data.readers.social_bias_frames:read",
        "toxic_spans": "hatelens.data.readers.toxic_spans:read",
    },
    error=DataError,
)
"""Name in a card to the function that reads its files."""
