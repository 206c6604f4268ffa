"""``/predict``: one text as ``input_data``, in the query as some callers have it, or in JSON.

This is the one address with a text in it, and only because those callers know no other way: our
log names the route and never the query, but proxies on the way may not.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hatelens.config.settings import ServerSettings
from hatelens.serving import caller, json_body, request_id
from hatelens.serving import community as communities
from hatelens.serving.answer import Json, RefusalError
from hatelens.serving.community import Community
from hatelens.serving.desk import Asked, Desk
from hatelens.serving.record import ERROR, RECORD_EXAMPLE, Record

PATH = "/predict"
FIELD = "input_data"
WANTED = 'Send {"input_data": "..."}.'
TEXT = {"type": "string", "minLength": 1}
QUERY = {
    "name": FIELD,
    "in": "query",
    "required": True,
    "description": "The text. Proxies may log it: prefer POST.",
    "schema": TEXT,
}
BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {FIELD: TEXT},
                "required": [FIELD],
                "additionalProperties": False,
            },
            "example": {FIELD: "What a lovely concert by the Veluvians!"},
        }
    },
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The record.",
        "model": Record,
        "content": {"application/json": {"example": RECORD_EXAMPLE}},
    },
    400: {"description": "The text is missing or empty, or not JSON.", "model": ERROR},
    413: {"description": "The body or the text is too large.", "model": ERROR},
    415: {"description": "Not JSON.", "model": ERROR},
    422: {"description": "The name of the community is too long.", "model": ERROR},
    429: {"description": "Too much is waiting, or this key asked too often.", "model": ERROR},
    500: {"description": "The model failed.", "model": ERROR},
    503: {"description": "The deadline passed or the record cannot be written.", "model": ERROR},
}


def router(desk: Desk, settings: ServerSettings) -> APIRouter:
    """Return the routes that take ``input_data``."""
    routes = APIRouter(tags=["compatible"], responses=ANSWERS)

    @routes.get(
        PATH,
        summary="Label one text of the query",
        response_class=Json,
        openapi_extra={"parameters": [QUERY]},
    )
    async def predict(request: Request, community: Community = "") -> Response:
        """Answer the record for `input_data`; a text does better in a body than in an address."""
        if FIELD not in request.query_params:
            raise RefusalError(400, f"The query has no {FIELD}; send /predict?{FIELD}=TEXT.")
        return await _answer(request, request.query_params[FIELD], community)

    @routes.post(
        PATH,
        summary="Label one text",
        response_class=Json,
        openapi_extra={"requestBody": BODY},
    )
    async def predict_body(request: Request, community: Community = "") -> Response:
        """Answer the record for `input_data`."""
        values = await json_body.read(request, settings.max_body_bytes, WANTED)
        json_body.check_names(values, (FIELD,))
        if FIELD not in values:
            raise RefusalError(400, f"The JSON has no {FIELD}. {WANTED}")
        return await _answer(request, values[FIELD], community)

    async def _answer(request: Request, value: Any, community: str) -> Response:
        text = json_body.text(FIELD, value, settings.max_text_chars)
        asked = Asked(
            (text,),
            PATH,
            community=communities.checked(community),
            key=caller.of(request).key,
            request=request_id.of(request),
        )
        answered = await desk.answer(asked)
        record = answered.predictions[0].to_dict(text)
        return Json(record, headers=answered.served.versions(asked.community))

    return routes
