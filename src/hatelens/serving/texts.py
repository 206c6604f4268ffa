"""``DELETE /texts/{hash}``: erases a stored text; what was answered about it stays on record."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hatelens.config.settings import ServerSettings
from hatelens.serving.answer import Json
from hatelens.serving.desk import Desk
from hatelens.serving.record import ERROR, Shape
from hatelens.storage import erasure

HASH = "^[0-9a-f]{64}$"


class Erased(Shape):
    """What was erased."""

    erased: int = Field(ge=0, le=1, description="1 where a text was stored, 0 where there is none.")


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The text is not stored, or no longer.", "model": Erased},
    422: {"description": "That is no hash.", "model": ERROR},
    503: {"description": "The record cannot be written now.", "model": ERROR},
}


def router(desk: Desk, _: ServerSettings) -> APIRouter:
    """Return the route that erases."""
    routes = APIRouter(tags=["record"])

    @routes.delete(
        "/texts/{text_hash}", summary="Erase a stored text", response_class=Json, responses=ANSWERS
    )
    async def erase(
        text_hash: Annotated[
            str, Path(pattern=HASH, description="Keyed hash of the text, as the record has it.")
        ],
    ) -> Response:
        """Erase the text of a hash, wherever it was asked about. It may be asked for twice."""
        count = await run_in_threadpool(erasure.erase, desk.database, text_hash)
        return Json({"erased": count})

    return routes
