"""``GET /healthcheck``: whether the model still answers, found out by asking it."""

from __future__ import annotations

import logging

import anyio
from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from hatelens.serving.answer import refused
from hatelens.serving.engine import Engine
from hatelens.serving.record import ERROR

PROBE = "Good morning, how are you today?"
DEADLINE = 10.0

logger = logging.getLogger(__name__)


def router(engine: Engine) -> APIRouter:
    """Return the route of the health check."""
    routes = APIRouter(tags=["service"])

    @routes.get(
        "/healthcheck",
        summary="Whether the model answers",
        response_class=PlainTextResponse,
        responses={
            200: {
                "description": "The model answers.",
                "content": {"text/plain": {"example": "OK"}},
            },
            503: {
                "description": "The model fails, or is busy for too long.",
                "content": {"application/json": {"schema": ERROR.model_json_schema()}},
            },
        },
    )
    async def healthcheck() -> Response:
        """Label one short sentence. The headers name the versions that are served."""
        return await check(engine)

    return routes


async def check(engine: Engine, deadline: float = DEADLINE) -> Response:
    """Ask the model one short question.

    Args:
        engine: the model.
        deadline: seconds to wait for its turn.

    Returns:
        ``OK`` with 200, or 503 with the reason.
    """
    try:
        with anyio.fail_after(deadline):
            await engine.predict([PROBE])
    except TimeoutError:
        return refused(503, f"The model was busy for {deadline:g} seconds; try again later.")
    except Exception:  # an outer edge: whatever breaks the model makes it unhealthy
        logger.exception("The health check failed.")
        return refused(503, "The model fails; the server's log says why.")
    return PlainTextResponse("OK", headers=engine.versions())
