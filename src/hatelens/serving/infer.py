"""``POST /infer``: the one record for one text or many, or the bare label for plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from hatelens.config.settings import ServerSettings
from hatelens.models.detector import Prediction
from hatelens.serving import caller, question, request_id
from hatelens.serving import community as communities
from hatelens.serving.answer import Json
from hatelens.serving.desk import Asked, Desk
from hatelens.serving.direct import Direct
from hatelens.serving.question import Question
from hatelens.serving.record import ERROR, RECORD_EXAMPLE, REQUEST_BODY, Record, Results

PATH = "/infer"
AT_ONCE = 64 * 1024
"""Bytes of a body that are read and answered in the event loop; larger ones go to a thread."""

COMMUNITY = {
    "name": "community",
    "in": "query",
    "description": communities.WHOSE,
    "schema": {"type": "string", "maxLength": communities.MOST, "default": ""},
}

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The record; `results` for several texts; the label for plain text.",
        "model": Record | Results,
        "content": {
            "application/json": {"example": RECORD_EXAMPLE},
            "text/plain": {"schema": {"type": "string"}, "example": "hateful"},
        },
    },
    400: {"description": "Empty, not UTF-8 or not JSON.", "model": ERROR},
    413: {"description": "The body, a text, or the number of texts is too large.", "model": ERROR},
    415: {"description": "Neither JSON nor plain text.", "model": ERROR},
    422: {
        "description": "A field is missing, unknown, empty or of the wrong type.",
        "model": ERROR,
    },
    429: {"description": "Too many texts wait, or too many requests came.", "model": ERROR},
    500: {"description": "The model failed.", "model": ERROR},
    503: {"description": "The model is busy, or the record cannot be written.", "model": ERROR},
}


def router(desk: Desk, settings: ServerSettings) -> APIRouter:
    """Return the route that labels texts."""
    routes = APIRouter(tags=["detect"], route_class=Direct)

    @routes.post(
        PATH,
        summary="Label texts",
        response_class=Json,
        responses=ANSWERS,
        openapi_extra={"requestBody": REQUEST_BODY, "parameters": [COMMUNITY]},
    )
    async def infer(request: Request) -> Response:
        """Label one text or many; plain text is answered with the bare label.

        The answer is on record before it is sent. Equal versions mean equal answers.
        """
        asked, size = await _read(request, settings)
        community = communities.checked(request.query_params.get("community", ""))
        answered = await desk.answer(
            Asked(
                asked.texts,
                PATH,
                explain=asked.explain,
                community=community,
                key=caller.of(request).key,
                request=request_id.of(request),
            )
        )
        write = (asked, answered.predictions, answered.served.versions(community))
        return _written(*write) if size <= AT_ONCE else await run_in_threadpool(_written, *write)

    return routes


async def _read(request: Request, settings: ServerSettings) -> tuple[Question, int]:
    """Read the question and the bytes that it has; a large body is parsed in a thread."""
    media = question.kind(request.headers.get("content-type", ""))
    declared = request.headers.get("content-length")
    body = await question.gather(request.stream(), declared, settings.max_body_bytes)
    if len(body) <= AT_ONCE:
        return question.parse(body, media, settings), len(body)
    return await run_in_threadpool(question.parse, body, media, settings), len(body)


def _written(
    asked: Question, predictions: Sequence[Prediction], versions: dict[str, str]
) -> Response:
    """Write the answer in the form of the question."""
    if asked.form == "plain":
        return PlainTextResponse(predictions[0].label, headers=versions)
    pairs = zip(asked.texts, predictions, strict=True)
    records = [prediction.to_dict(text) for text, prediction in pairs]
    return Json(records[0] if asked.form == "one" else {"results": records}, headers=versions)
