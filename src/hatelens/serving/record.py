"""The HTTP shapes of requests and answers, for OpenAPI: what ``Prediction.to_dict`` gives."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """A shape with exactly its fields."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Marked(Shape):
    """Characters of the text that carried the score; counted in Unicode code points."""

    begin: int = Field(description="First character.")
    end: int = Field(description="One past the last character.")
    score: float = Field(description="How much they carried, 0-1.")


class Record(Shape):
    """The answer for one text."""

    text: str
    label: str = Field(description="The most probable class.")
    hateful: float = Field(description="Summed probability of the hateful labels, 0-1.")
    decision: Literal["flag", "clear", "unsure"] = Field(description="From the thresholds.")
    scores: dict[str, float] = Field(description="Probability per label.")
    attributes: dict[str, float] = Field(description="Probability per attribute, if it has any.")
    targets: dict[str, float] = Field(description="Probability per attacked group, if it has any.")
    spans: list[Marked] = Field(description="What the model marks, or an explanation.")
    explanation: dict[str, Any] | None = Field(description="null unless asked to explain.")
    language: str = Field(description="ISO 639-1 code where it is sure, else empty.")
    note: str = Field(description="What to know of this answer; empty if nothing.")
    model_version: str = Field(description="Same version, same scores.")
    policy_version: str = Field(description="Same version, same decision.")


class Results(Shape):
    """The answers for several texts, in their order."""

    results: list[Record]


class Error(Shape):
    """Why there is no answer, in one line: what was found, what is allowed, what to do."""

    error: str


class OneText(Shape):
    """Ask about one text."""

    text: str = Field(min_length=1)
    explain: bool = Field(default=False, description="Mark the words that carried the score.")


class ManyTexts(Shape):
    """Ask about several texts."""

    texts: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    explain: bool = Field(default=False, description="Mark the words that carried the score.")


ERROR = Error
REQUEST_EXAMPLES = {
    "one": {"summary": "One text", "value": {"text": "What a lovely concert by the Veluvians!"}},
    "explained": {
        "summary": "One text, with the words that carried the score",
        "value": {"text": "Nobody wants those dreadful Zorblaxians here.", "explain": True},
    },
    "many": {
        "summary": "Several texts",
        "value": {"texts": ["Good morning.", "Zorblaxians should all leave."]},
    },
}
RECORD_EXAMPLE: dict[str, Any] = {
    "text": "Nobody wants those dreadful Zorblaxians here.",
    "label": "hateful",
    "hateful": 0.91,
    "decision": "flag",
    "scores": {"not hateful": 0.09, "hateful": 0.91},
    "attributes": {"insult": 0.83},
    "targets": {"nationality": 0.88},
    "spans": [{"begin": 19, "end": 27, "score": 0.4}],
    "explanation": {"method": "occlusion"},
    "language": "en",
    "note": "",
    "model_version": "4f0c2a9d1b7e",
    "policy_version": "a81d33c05e62",
}
REQUEST_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"oneOf": [OneText.model_json_schema(), ManyTexts.model_json_schema()]},
            "examples": REQUEST_EXAMPLES,
        },
        "text/plain": {
            "schema": {"type": "string", "minLength": 1},
            "example": "What a lovely concert by the Veluvians!",
        },
    },
}
