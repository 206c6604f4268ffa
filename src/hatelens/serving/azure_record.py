"""The HTTP shapes of Azure's text:analyze, for OpenAPI."""

from __future__ import annotations

from typing import Any

CATEGORIES = ("Hate", "SelfHarm", "Sexual", "Violence")
FOUR = "FourSeverityLevels"
OUTPUTS = (FOUR, "EightSeverityLevels")
VERSIONS = ("2023-10-01", "2024-09-01")
VERSION: dict[str, Any] = {
    "name": "api-version",
    "in": "query",
    "required": True,
    "description": "The version of Azure's interface.",
    "schema": {"type": "string", "enum": list(VERSIONS)},
}
REQUEST: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "minLength": 1, "maxLength": 10_000},
        "categories": {
            "description": "All where none is named.",
            "type": ["array", "null"],
            "items": {"type": "string", "enum": list(CATEGORIES)},
        },
        "blocklistNames": {
            "description": "There are no blocklists here.",
            "type": ["array", "null"],
            "items": {"type": "string"},
            "maxItems": 0,
        },
        "haltOnBlocklistHit": {"type": ["boolean", "null"]},
        "outputType": {"type": ["string", "null"], "enum": [*OUTPUTS, None]},
    },
    "required": ["text"],
    "additionalProperties": False,
}
RESPONSE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "blocklistsMatch": {"type": "array", "maxItems": 0},
        "categoriesAnalysis": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "category": {"type": "string", "enum": list(CATEGORIES)},
                    "severity": {
                        "description": "Missing where the model does not score this category.",
                        "type": "integer",
                        "minimum": 0,
                        "maximum": 7,
                    },
                },
                "required": ["category"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["blocklistsMatch", "categoriesAnalysis"],
    "additionalProperties": False,
}
ERROR: dict[str, Any] = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            "required": ["code", "message"],
        }
    },
    "required": ["error"],
}
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": REQUEST,
            "example": {"text": "Zorblaxians should all leave.", "categories": ["Hate"]},
        }
    },
}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _answer("The severities of the categories that the model scores.", RESPONSE),
    400: _answer("A field or the version is missing, unknown or wrong.", ERROR),
    413: _answer("The body or the text is too large.", ERROR),
    415: _answer("Not JSON.", ERROR),
    429: _answer("Too much is waiting, or this key asked too often.", ERROR),
    500: _answer("The model failed.", ERROR),
    503: _answer("The deadline passed or the record cannot be written.", ERROR),
}
