"""The HTTP shapes of OpenAI's moderation, for OpenAPI."""

from __future__ import annotations

from typing import Any

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _each(of: dict[str, Any]) -> dict[str, Any]:
    return _object(**dict.fromkeys(CATEGORIES, of))


TEXT = {"type": "string", "minLength": 1}
PART = _object(type={"type": "string", "enum": ["text"]}, text=TEXT)
REQUEST = {
    "type": "object",
    "properties": {
        "input": {
            "description": "One text, several, or the text parts of one message.",
            "anyOf": [
                TEXT,
                {"type": "array", "items": TEXT, "minItems": 1},
                {"type": "array", "items": PART, "minItems": 1},
            ],
        },
        "model": {
            "description": "Taken and not used: the answer names the model that is served.",
            "type": ["string", "null"],
        },
    },
    "required": ["input"],
    "additionalProperties": False,
}
RESULT = _object(
    flagged={"type": "boolean", "description": "Whether any category is."},
    categories=_each({"type": "boolean"}),
    category_scores=_each({"type": "number", "minimum": 0, "maximum": 1}),
    category_applied_input_types=_each(
        {
            "type": "array",
            "items": {"type": "string", "enum": ["text"]},
            "description": "Empty where the model does not score this category.",
        }
    ),
)
RESPONSE = _object(
    id={"type": "string"},
    model={"type": "string", "description": "`hatelens-` and the model's version."},
    results={"type": "array", "items": RESULT},
)
ERROR = _object(
    error=_object(
        message={"type": "string"},
        type={"type": "string"},
        param={"type": "null"},
        code={"type": ["string", "null"]},
    )
)
BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": REQUEST,
            "example": {"input": ["Good morning.", "Zorblaxians should all leave."]},
        }
    },
}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _answer("One result per text, or one for all parts of a message.", RESPONSE),
    400: _answer("A field is missing, unknown or wrong, or there is a picture.", ERROR),
    413: _answer("The body, a text, or the number of texts is too large.", ERROR),
    415: _answer("Not JSON.", ERROR),
    429: _answer("Too much is waiting, or this key asked too often.", ERROR),
    500: _answer("The model failed.", ERROR),
    503: _answer("The deadline passed or the record cannot be written.", ERROR),
}
