"""Asks a hatelens model folder; a text counts as hateful from 0.5 on, as in its evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hatelens import detect


def load(model: str) -> Callable[[list[str]], list[dict[str, Any]]]:
    """Open a model folder."""
    detector = detect.load(model)

    def answer(texts: list[str]) -> list[dict[str, Any]]:
        return [
            {
                "score": one.hateful,
                "hateful": one.hateful >= 0.5,
                "spans": [[span.begin, span.end] for span in one.spans],
            }
            for one in detector.predict(texts)
        ]

    return answer
