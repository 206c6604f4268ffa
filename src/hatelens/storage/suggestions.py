"""A suggested score on record: what somebody says that a text should have had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hatelens.storage import canonical


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One suggestion, without its text.

    Attributes:
        id: of this suggestion.
        time: when it came, microseconds since 1970 in UTC.
        key: id of the key that sent it; empty without keys.
        community: that it named; empty without one.
        text_hash: keyed hash of the text, in hex.
        attributes: the suggested scores by name, 0-1.
        token: the sender's own mark; empty without one.
    """

    id: str
    time: int
    key: str
    community: str
    text_hash: str
    attributes: Mapping[str, float]
    token: str


def row(suggestion: Suggestion) -> dict[str, Any]:
    """Return the row of the table ``suggestions``.

    Raises:
        ValueError: a score is infinite or no number.
    """
    return {
        "id": canonical.text(suggestion.id),
        "time": suggestion.time,
        "key": canonical.text(suggestion.key),
        "community": canonical.text(suggestion.community),
        "text_hash": canonical.text(suggestion.text_hash),
        "attributes": canonical.written(canonical.numbers(suggestion.attributes)),
        "token": canonical.text(suggestion.token),
    }
