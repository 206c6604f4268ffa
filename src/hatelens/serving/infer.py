"""``POST /infer``: the one record for one text or many, or the bare label for plain text."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from hatelens.config.settings import ServerSettings
from hatelens.models.detector import Prediction
from hatelens.serving import question
from hatelens.serving.answer import Json
from hatelens.serving.engine import Engine
from hatelens.serving.question import Question
from hatelens.serving.record import ERROR, RECORD_EXAMPLE, REQUEST_BODY, Record, Results

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
    500: {"description": "The model failed.", "model": ERROR},
}


def router(engine: Engine, settings: ServerSettings) -> APIRouter:
    """Return the route that labels texts."""
    routes = APIRouter(tags=["detect"])

    @routes.post(
        "/infer",
        summary="Label texts",
        response_class=Json,
        responses=ANSWERS,
        openapi_extra={"requestBody": REQUEST_BODY},
    )
    async def infer(request: Request) -> Response:
        """Label one text or many; plain text is answered with the bare label.

        Nothing is stored or logged. Equal versions mean equal answers.
        """
        asked = await _read(request, settings)
        predictions = await engine.predict(asked.texts, explain=asked.explain)
        return await run_in_threadpool(_written, asked, predictions, engine.versions())

    return routes


async def _read(request: Request, settings: ServerSettings) -> Question:
    """Read the question; a large body is parsed outside of the event loop."""
    media = question.kind(request.headers.get("content-type", ""))
    declared = request.headers.get("content-length")
    body = await question.gather(request.stream(), declared, settings.max_body_bytes)
    return await run_in_threadpool(question.parse, body, media, settings)


def _written(asked: Question, predictions: list[Prediction], versions: dict[str, str]) -> Response:
    """Write the answer in the form of the question."""
    if asked.form == "plain":
        return PlainTextResponse(predictions[0].label, headers=versions)
    pairs = zip(asked.texts, predictions, strict=True)
    records = [prediction.to_dict(text) for text, prediction in pairs]
    return Json(records[0] if asked.form == "one" else {"results": records}, headers=versions)
