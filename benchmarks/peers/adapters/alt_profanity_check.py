"""Asks alt-profanity-check: its probability of profanity, and its own verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from profanity_check import predict_prob  # pyrefly: ignore[missing-import]


def load() -> Callable[[list[str]], list[dict[str, Any]]]:
    """Return its predictor; the model was opened on import."""

    def answer(texts: list[str]) -> list[dict[str, Any]]:
        scores = (float(score) for score in predict_prob(texts))
        return [{"score": score, "hateful": score >= 0.5} for score in scores]

    return answer
