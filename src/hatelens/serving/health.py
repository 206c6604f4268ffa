"""``GET /healthcheck``: whether the model still answers, found out by asking it."""

from __future__ import annotations

import logging

import anyio
import anyio.to_thread
from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from hatelens.errors import UserError
from hatelens.models import readiness
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
                "description": "The model fails, its server is down, or it is busy for too long.",
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
            # What stands behind another server is asked there first: at once, not in line.
            await anyio.to_thread.run_sync(
                readiness.check, engine.pipeline.model, abandon_on_cancel=True
            )
            await engine.predict([PROBE])
    except TimeoutError:
        return refused(503, f"The model was busy for {deadline:g} seconds; try again later.")
    except UserError as error:
        logger.warning("The health check failed: %s", error)
        return refused(503, str(error))
    except Exception:  # an outer edge: whatever breaks the model makes it unhealthy
        logger.exception("The health check failed.")
        return refused(503, "The model fails; the server's log says why.")
    return PlainTextResponse("OK", headers=engine.versions())
