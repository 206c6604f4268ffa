"""The HTTP shapes of Perspective's requests and answers, for OpenAPI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from hatelens.serving.record import Shape

TEXT_TYPES = ("PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED")
SCORE_TYPES = ("PROBABILITY", "SCORE_TYPE_UNSPECIFIED")


class Score(Shape):
    """A score."""

    value: float = Field(ge=0, le=1)
    type: Literal["PROBABILITY"] = "PROBABILITY"


class SpanScore(Shape):
    """The score of a part of the comment, its place counted in UTF-16 units."""

    begin: int
    end: int
    score: Score


class AttributeScores(Shape):
    """The scores of one attribute."""

    summaryScore: Score  # noqa: N815
    spanScores: list[SpanScore] = Field(default_factory=list)  # noqa: N815


class Analyzed(Shape):
    """The answer of ``comments:analyze``."""

    attributeScores: dict[str, AttributeScores]  # noqa: N815
    languages: list[str]
    detectedLanguages: list[str] = Field(default_factory=list)  # noqa: N815
    clientToken: str = ""  # noqa: N815


class SuggestionTaken(Shape):
    """The answer of ``comments:suggestscore``."""

    clientToken: str = ""  # noqa: N815
    detectedLanguages: list[str] = Field(default_factory=list)  # noqa: N815
    requestedLanguages: list[str] = Field(default_factory=list)  # noqa: N815


class Problem(Shape):
    """What went wrong, as google.rpc has it."""

    code: int
    message: str
    status: str
    details: list[dict[str, Any]] = Field(default_factory=list)


class Problems(Shape):
    """Why there is no answer."""

    error: Problem


TEXT = "What kind of stupid film is that? The music was lovely."
ANALYZE_EXAMPLE: dict[str, Any] = {
    "comment": {"text": TEXT},
    "requestedAttributes": {"TOXICITY": {}},
}
SUGGEST_EXAMPLE: dict[str, Any] = {
    "comment": {"text": TEXT},
    "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0.2}}},
}
ANALYZED_EXAMPLE: dict[str, Any] = {
    "attributeScores": {
        "TOXICITY": {
            "spanScores": [
                {"begin": 0, "end": 55, "score": {"value": 0.61, "type": "PROBABILITY"}}
            ],
            "summaryScore": {"value": 0.61, "type": "PROBABILITY"},
        }
    },
    "languages": ["en"],
    "detectedLanguages": ["en"],
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"description": "A field, an attribute or a language is wrong.", "model": Problems},
    413: {"description": "The body is too large.", "model": Problems},
    429: {"description": "Too much is waiting, or this key asks too often.", "model": Problems},
    500: {"description": "The model failed.", "model": Problems},
    503: {"description": "The deadline passed, or the record is down.", "model": Problems},
}
ANALYZE: dict[int | str, dict[str, Any]] = PROBLEMS | {
    200: {
        "description": "The scores.",
        "model": Analyzed,
        "content": {"application/json": {"example": ANALYZED_EXAMPLE}},
    }
}
SUGGEST: dict[int | str, dict[str, Any]] = PROBLEMS | {
    200: {"description": "The suggestion is on record.", "model": SuggestionTaken}
}
DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The document.", "content": {"application/json": {}}},
    400: PROBLEMS[400],
}


def analyze_body(attributes: Sequence[str], languages: Sequence[str]) -> dict[str, Any]:
    """Return the schema of what ``comments:analyze`` takes.

    Args:
        attributes: that the served model scores.
        languages: that it knows; empty for any.
    """
    scored = _object(
        {"scoreType": _or_null("string", enum=SCORE_TYPES), "scoreThreshold": _or_null("number")}
    )
    more = {
        "requestedAttributes": _object(dict.fromkeys(attributes, _none(scored)), minProperties=1),
        "doNotStore": _or_null("boolean"),
        "spanAnnotations": _or_null("boolean"),
    }
    return _body(more, languages, "requestedAttributes", ANALYZE_EXAMPLE)


def suggest_body(attributes: Sequence[str]) -> dict[str, Any]:
    """Return the schema of what ``comments:suggestscore`` takes, for the same attributes."""
    summary = _object({"value": _or_null("number", minimum=0, maximum=1)})
    scores = _object({"summaryScore": summary}, required=["summaryScore"])
    more = {"attributeScores": _object(dict.fromkeys(attributes, scores), minProperties=1)}
    return _body(more, (), "attributeScores", SUGGEST_EXAMPLE)


def _body(
    more: dict[str, Any], languages: Sequence[str], needed: str, example: dict[str, Any]
) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    comment = {"text": text, "type": _or_null("string", enum=TEXT_TYPES)}
    code = {"type": "string"} | ({"enum": list(languages)} if languages else {})
    properties = more | {
        "comment": _object(comment, required=["text"]),
        "context": _none(_object({"entries": _or_null("array")})),
        "languages": _or_null("array", items=code, maxItems=64),
        "communityId": _or_null("string", maxLength=128),
        "clientToken": _or_null("string", maxLength=1024),
        "sessionId": _or_null("string", maxLength=1024),
    }
    schema = _object(properties, required=["comment", needed])
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def _object(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False} | more


def _or_null(kind: str, *, enum: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """Return the schema of a field that may be left out, or null, which is the same to Google."""
    return {"type": [kind, "null"]} | more | ({"enum": [*enum, None]} if enum else {})


def _none(schema: dict[str, Any]) -> dict[str, Any]:
    return schema | {"type": [schema["type"], "null"]}
