"""Asks profanex, a word list: hateful where it finds a word; the words are its marks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from profanex import Filter  # pyrefly: ignore[missing-import]


def load() -> Callable[[list[str]], list[dict[str, Any]]]:
    """Open the word list as it comes."""
    words = Filter()

    def one(text: str) -> dict[str, Any]:
        spans = [[match.start, match.end] for match in words.find(text)]
        return {"score": float(bool(spans)), "hateful": bool(spans), "spans": spans}

    return lambda texts: [one(text) for text in texts]
