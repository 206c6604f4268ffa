"""A written explanation: what it holds, its JSON schema, and whether a record keeps to both.

The schema is published in ``docs/explain/written.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hatelens.data.explanations import (
    GROUPS,
    LONGEST_GROUP,
    LONGEST_REASON,
    MOST_GROUPS,
    MOST_QUOTES,
    REASON,
    WORDS,
)
from hatelens.models.detector import Span

METHOD = "written"
LONGEST_QUOTE = 400
"""Characters of the original text at most: a disguised word can take more room than it says."""

SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A written explanation",
    "type": "object",
    "properties": {
        "method": {"const": METHOD},
        "class": {"type": "string", "minLength": 1},
        GROUPS: {
            "type": "array",
            "maxItems": MOST_GROUPS,
            "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_GROUP},
        },
        WORDS: {
            "type": "array",
            "maxItems": MOST_QUOTES,
            "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_QUOTE},
        },
        REASON: {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON},
    },
    "required": ["method", "class", GROUPS, WORDS, REASON],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a text is of its class, in words.

    Attributes:
        label: the class that is explained.
        groups: whom the text affects, in plain words.
        quotes: what it quotes, each once and literally from the original text.
        reason: one sentence.
        spans: where the quotes stand in the original text, in order and apart from each other.
    """

    label: str
    groups: tuple[str, ...]
    quotes: tuple[str, ...]
    reason: str
    spans: tuple[Span, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what ``SCHEMA`` describes."""
        return {
            "method": METHOD,
            "class": self.label,
            GROUPS: list(self.groups),
            WORDS: list(self.quotes),
            REASON: self.reason,
        }


def is_written(record: Mapping[str, Any] | None) -> bool:
    """Say whether an explanation of a prediction is a written one."""
    return record is not None and record.get("method") == METHOD


def fault(record: object) -> str:
    """Say what keeps a record from being valid against ``SCHEMA``; "" where nothing does."""
    if not isinstance(record, Mapping):
        return "it is no object"
    if set(record) != set(SCHEMA["required"]):
        return f"its fields are {', '.join(map(str, record))}"
    if record["method"] != METHOD:
        return f"its method is not {METHOD!r}"
    for name, longest in (("class", None), (REASON, LONGEST_REASON)):
        if not _is_text(record[name], longest):
            return f"{name} is empty, too long or no text"
    for name, most, longest in (
        (GROUPS, MOST_GROUPS, LONGEST_GROUP),
        (WORDS, MOST_QUOTES, LONGEST_QUOTE),
    ):
        if not _are_texts(record[name], most, longest):
            return f"{name} holds too much, or what is no text"
    return ""


def _is_text(value: object, longest: int | None) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= (longest or len(value))


def _are_texts(values: object, most: int, longest: int) -> bool:
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) > most:
        return False
    return all(_is_text(value, longest) for value in values)
