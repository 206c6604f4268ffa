"""``POST /v1/moderations``: the shape of OpenAI's moderation, answered by the served model.

What the model does not score is never made up: there the score is 0.0 and the list of
``category_applied_input_types`` is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hatelens.config.settings import ServerSettings
from hatelens.models.detector import Prediction
from hatelens.serving import caller, json_body, request_id
from hatelens.serving import community as communities
from hatelens.serving.answer import Json, RefusalError
from hatelens.serving.community import Community
from hatelens.serving.desk import Asked, Desk
from hatelens.serving.moderation_record import ANSWERS, BODY, CATEGORIES

PATH = "/v1/moderations"
FIELDS = ("input", "model")
WANTED = 'Send {"input": "..."} or {"input": ["...", "..."]}.'
NAME = "hatelens-"
HATE = "hate"
ATTRIBUTES = {
    "harassment": "insult",
    "harassment/threatening": "threat",
    "sexual": "sexual_explicit",
}
"""The attribute of the model, if it has it, that a category means."""
SAID = 0.5
"""From which on an attribute is said where the model names no threshold for it."""
KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
CODES = {401: "invalid_api_key", 413: "input_too_large", 429: "rate_limit_exceeded"}


@dataclass(frozen=True)
class Moderated:
    """What one text got in a category.

    Attributes:
        score: 0-1.
        flagged: whether the threshold is reached.
        applied: whether the model scores this category at all.
    """

    score: float = 0.0
    flagged: bool = False
    applied: bool = False


def router(desk: Desk, settings: ServerSettings) -> APIRouter:
    """Return the route that answers as OpenAI's does."""
    routes = APIRouter(tags=["compatible"])

    @routes.post(
        PATH,
        summary="Moderate texts (the shape of OpenAI)",
        response_class=Json,
        responses=ANSWERS,
        openapi_extra={"requestBody": BODY},
    )
    async def moderations(request: Request, community: Community = "") -> Response:
        """Score one text or many; `model` is taken and not used: the answer names the one served.

        `hate` is the probability that the text is hateful, flagged by the thresholds; where the
        model has the attributes, `harassment` is its `insult`, `harassment/threatening` its
        `threat` and `sexual` its `sexual_explicit`. All else is 0.0 with no applied input types.
        """
        values = await json_body.read(request, settings.max_body_bytes, WANTED)
        asked = Asked(
            read(values, settings),
            PATH,
            community=communities.checked(community, 400),
            key=caller.of(request).key,
            request=request_id.of(request),
        )
        answered = await desk.answer(asked)
        named = answered.served.pipeline.named
        content = {
            "id": f"modr-{answered.request}",
            "model": f"{NAME}{answered.predictions[0].model_version}",
            "results": [result(prediction, named) for prediction in answered.predictions],
        }
        return Json(content, headers=answered.served.versions(asked.community))

    return routes


def read(values: Mapping[str, Any], settings: ServerSettings) -> tuple[str, ...]:
    """Return the texts that a body asks about, one per result.

    Raises:
        RefusalError: 400 a field is missing, unknown or wrong, or there is a picture; 413 too many
            or too long texts.
    """
    json_body.check_names(values, FIELDS)
    if "input" not in values:
        raise RefusalError(400, f"The JSON has no input. {WANTED}")
    if values.get("model") is not None:
        json_body.typed("model", values["model"], str)
    most, found = settings.max_text_chars, values["input"]
    if isinstance(found, str):
        return (json_body.text("input", found, most),)
    if not json_body.typed("input", found, list):
        raise RefusalError(400, f"input is an empty list. {WANTED}")
    if len(found) > settings.max_texts:
        raise RefusalError(
            413,
            f"input holds {len(found)} texts; at most {settings.max_texts} are allowed. "
            "Send them in parts.",
        )
    if isinstance(found[0], dict):
        return (_joined(found, most),)
    return tuple(json_body.text(f"input[{n}]", one, most) for n, one in enumerate(found))


def _joined(parts: list[Any], most: int) -> str:
    """Return the parts of one message as one text: what is meant may show only in all of it."""
    lines = [_part(f"input[{n}]", part, most) for n, part in enumerate(parts)]
    return json_body.text("input", "\n".join(lines), most)


def _part(name: str, part: Any, most: int) -> str:
    json_body.typed(name, part, dict)
    kind = json_body.typed(f"{name}.type", part.get("type"), str)
    if kind == "image_url":
        raise RefusalError(
            400, f"{name} is a picture, which the model cannot see; send its texts only."
        )
    if kind != "text":
        raise RefusalError(400, f'{name}.type must be "text"; found another. {WANTED}')
    json_body.check_names(part, ("type", "text"))
    return json_body.text(f"{name}.text", part.get("text"), most)


def result(prediction: Prediction, named: Mapping[str, float]) -> dict[str, Any]:
    """Return the answer for one text in OpenAI's shape.

    Args:
        prediction: of the model.
        named: per attribute, the probability from which on it is said.
    """
    found = {name: category(name, prediction, named) for name in CATEGORIES}
    return {
        "flagged": any(one.flagged for one in found.values()),
        "categories": {name: one.flagged for name, one in found.items()},
        "category_scores": {name: round(one.score, 6) for name, one in found.items()},
        "category_applied_input_types": {
            name: ["text"] if one.applied else [] for name, one in found.items()
        },
    }


def category(name: str, prediction: Prediction, named: Mapping[str, float]) -> Moderated:
    """Return what a text got in a category; nothing where the model does not score that."""
    if name == HATE:
        return Moderated(prediction.hateful, prediction.decision == "flag", applied=True)
    attribute = ATTRIBUTES.get(name, "")
    if attribute not in prediction.attributes:
        return Moderated()
    score = prediction.attributes[attribute]
    return Moderated(score, score >= named.get(attribute, SAID), applied=True)


def refusal(status: int, line: str) -> Response:
    """Return a refusal in OpenAI's shape, which its clients read."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    error = {
        "message": line,
        "type": KINDS.get(status, kind),
        "param": None,
        "code": CODES.get(status),
    }
    return Json({"error": error}, status_code=status)
