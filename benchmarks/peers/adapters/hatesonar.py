"""Asks hatesonar: hateful where its class ``hate_speech`` is the most probable of its three."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hatesonar import Sonar  # pyrefly: ignore[missing-import]


def load() -> Callable[[list[str]], list[dict[str, Any]]]:
    """Open the model; it takes one text at a time."""
    sonar = Sonar()

    def one(text: str) -> dict[str, Any]:
        found = sonar.ping(text=text)
        scores = {each["class_name"]: float(each["confidence"]) for each in found["classes"]}
        return {"score": scores["hate_speech"], "hateful": found["top_class"] == "hate_speech"}

    return lambda texts: [one(text) for text in texts]
