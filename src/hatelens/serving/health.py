"""Whether the service lives, is ready to be asked, and whether its model still answers."""

from __future__ import annotations

import logging
from typing import Any

import anyio
import anyio.to_thread
from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from hatelens.detect import Pipeline
from hatelens.errors import UserError
from hatelens.models import readiness
from hatelens.serving.answer import refused
from hatelens.serving.desk import Desk
from hatelens.serving.engine import Engine
from hatelens.serving.record import ERROR
from hatelens.storage import chain
from hatelens.storage.database import Database

PROBE = "Good morning, how are you today?"
DEADLINE = 10.0
FAILED = "The model fails; the server's log says why."
OK = {
    "description": "All is well.",
    "content": {"text/plain": {"schema": {"type": "string"}, "example": "OK"}},
}
DOWN = {"content": {"application/json": {"schema": ERROR.model_json_schema()}}}
LIVE: dict[int | str, dict[str, Any]] = {200: OK}
READY = LIVE | {503: DOWN | {"description": "The record or the model's own server is down."}}
ANSWERING = LIVE | {
    503: DOWN | {"description": "The model fails, its server is down, or it is busy for too long."}
}

logger = logging.getLogger(__name__)


def router(desk: Desk) -> APIRouter:
    """Return the routes that say how the service is."""
    routes = APIRouter(tags=["service"])

    @routes.get(
        "/live", summary="Whether it runs", response_class=PlainTextResponse, responses=LIVE
    )
    async def live() -> Response:
        """Answer at once: where this fails, the process should be started again."""
        return PlainTextResponse("OK")

    @routes.get(
        "/ready",
        summary="Whether it can be asked",
        response_class=PlainTextResponse,
        responses=READY,
    )
    async def ready() -> Response:
        """Read the record, and see whether the model's own server is up, if it has one."""
        return await prepared(desk.pipeline, desk.database)

    @routes.get(
        "/healthcheck",
        summary="Whether the model answers",
        response_class=PlainTextResponse,
        responses=ANSWERING,
    )
    async def healthcheck() -> Response:
        """Label one short sentence. The headers name the versions that are served."""
        engine = desk.engine
        answer = await check(engine)
        if engine is not desk.engine:  # another model has come, and this one lets nobody in
            answer = await check(desk.engine)
        if answer.status_code == 200:
            answer.headers.update(desk.versions())
        return answer

    return routes


async def prepared(pipeline: Pipeline, database: Database, deadline: float = DEADLINE) -> Response:
    """Look whether a request could be answered now, without asking the model.

    Args:
        pipeline: the model.
        database: the record.
        deadline: seconds to wait for either.

    Returns:
        ``OK`` with 200, or 503 with the reason.
    """

    def look() -> None:
        with database.read() as connection:
            chain.head(connection)
        readiness.check(pipeline.model)

    try:
        with anyio.fail_after(deadline):
            await anyio.to_thread.run_sync(look, abandon_on_cancel=True)
    except TimeoutError:
        return refused(503, f"The record or the model does not answer for {deadline:g} seconds.")
    except UserError as error:
        logger.warning("The service is not ready: %s", error)
        return refused(503, str(error))
    return PlainTextResponse("OK")


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
        return refused(503, FAILED)
    return PlainTextResponse("OK")
