"""Asks better-profanity, a word list: hateful where it censors a word; the words are its marks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CENSOR = "\ue000"
"""What it writes over words, four times each: a private character that no text holds."""


def load() -> Callable[[list[str]], list[dict[str, Any]]]:
    """Open the word list as it comes."""
    from better_profanity import profanity  # pyrefly: ignore[missing-import]

    profanity.load_censor_words()

    def one(text: str) -> dict[str, Any]:
        censored = profanity.censor(text, CENSOR)
        hateful = censored != text
        spans = marks(text, censored) if hateful else []
        return {"score": float(hateful), "hateful": hateful, "spans": spans}

    return lambda texts: [one(text) for text in texts]


def marks(text: str, censored: str) -> list[list[int]]:
    """Find the ranges of the text that were censored: what lies between the parts that stayed."""
    first, *others = censored.split(CENSOR * 4)
    spans: list[list[int]] = []
    begin = len(first)
    for left, kept in zip(reversed(range(len(others))), others, strict=True):
        end = text.find(kept, begin + 1) if left else len(text) - len(kept)
        end = len(text) if end < 0 else end
        spans.append([begin, end])
        begin = end + len(kept)
    return spans
