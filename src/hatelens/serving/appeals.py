"""``POST /appeals``: says that an answer is wrong, so that another person looks at its text."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi import Path as PathPart
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hatelens.config.settings import ServerSettings
from hatelens.serving import caller, json_body
from hatelens.serving.answer import Json, RefusalError
from hatelens.serving.desk import Desk
from hatelens.serving.record import ERROR, Shape
from hatelens.storage import appeals, clock, identity
from hatelens.storage.answers import MOST_PLACES
from hatelens.storage.appeals import Appeal, GoneError, NotThereError, TakenError

PATH = "/appeals"
WANTED = 'Send {"request": "...", "place": 0, "reason": "..."}.'
LONGEST_ID = 128
STATUSES = {NotThereError: 404, TakenError: 409, GoneError: 410}
State = Literal["open", "upheld", "overturned", "unclear", "lapsed"]
ID = f"^[{identity.DIGITS}]{{{identity.LENGTH}}}$"
# What is no id at all is answered as an id that there is not.
AppealId = Annotated[str, PathPart(json_schema_extra={"pattern": ID})]


class Against(Shape):
    """What is appealed against, and why."""

    request: str = Field(min_length=1, max_length=LONGEST_ID, description="As in X-Request-ID.")
    place: int = Field(
        default=0, ge=0, lt=MOST_PLACES, description="Position of the text in it, from 0."
    )
    reason: str = Field(
        default="", max_length=appeals.LONGEST_REASON, description="For the person who looks."
    )


class Appealed(Shape):
    """An appeal, and what became of it."""

    id: str
    state: State = Field(
        description="overturned where the person decided otherwise than the answer, upheld where "
        "not, unclear where neither; lapsed where the text was erased before."
    )


EXAMPLE: dict[str, Any] = {"id": "01jzq8v0c5k3w9x7n2m4p6r8ta", "state": "open"}
BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": Against.model_json_schema(),
            "examples": {
                "one": {
                    "summary": "An appeal",
                    "value": {
                        "request": "01jzq8tz5h6b4d2f8g9k7m3n1p",
                        "place": 0,
                        "reason": "I was quoting what they call us.",
                    },
                }
            },
        }
    },
}
LINES = {
    400: "The body is no such JSON.",
    404: "There is no such answer, or no such appeal, of this key.",
    409: "An appeal against it is open already.",
    410: "The text is not stored, or no longer.",
    413: "The body is too large.",
    415: "The body is not said to be JSON.",
    422: "The reason is too long.",
    503: "The record cannot be used now.",
}


def router(desk: Desk, settings: ServerSettings) -> APIRouter:
    """Return the routes of appeals."""
    routes = APIRouter(tags=["appeals"])

    @routes.post(
        PATH,
        status_code=201,
        summary="Appeal against an answer",
        response_class=Json,
        responses={201: _told("It waits for a person.")}
        | _refusals(400, 404, 409, 410, 413, 415, 422, 503),
        openapi_extra={"requestBody": BODY},
    )
    async def appeal(request: Request) -> Response:
        """Put the text first in the queue of review, for somebody who has not judged it before."""
        values = await json_body.read(request, settings.max_body_bytes, WANTED)
        json_body.check_names(values, Against.model_fields)
        wanted = {
            "request": json_body.text("request", values.get("request"), LONGEST_ID),
            "place": json_body.integer("place", values.get("place", 0)),
            "reason": json_body.typed("reason", values.get("reason", ""), str),
        }
        made = await run_in_threadpool(_opened, desk, wanted, caller.of(request).key)
        return Json(_shape(made), 201, headers={"Location": f"{PATH}/{made.id}"})

    @routes.get(
        f"{PATH}/{{appeal_id}}",
        summary="What became of an appeal",
        response_class=Json,
        responses={200: _told("The appeal.")} | _refusals(404, 503),
    )
    async def outcome(request: Request, appeal_id: AppealId) -> Response:
        """Say how an appeal stands, to the key that sent it."""
        found = await run_in_threadpool(appeals.find, desk.database, appeal_id)
        if found is None or found.key != caller.of(request).key:
            raise RefusalError(404, "There is no such appeal of this key; check its id.")
        return Json(_shape(found))

    return routes


def _opened(desk: Desk, wanted: dict[str, Any], key: str) -> Appeal:
    try:
        return appeals.open_(
            desk.database,
            wanted["request"],
            wanted["place"],
            reason=wanted["reason"],
            key=key,
            now=clock.now(),
        )
    except tuple(STATUSES) as error:
        raise RefusalError(STATUSES[type(error)], str(error)) from None


def _shape(appeal: Appeal) -> dict[str, str]:
    return {"id": appeal.id, "state": appeal.state}


def _told(line: str) -> dict[str, Any]:
    return {
        "description": line,
        "model": Appealed,
        "content": {"application/json": {"example": EXAMPLE}},
    }


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"description": LINES[status], "model": ERROR} for status in statuses}
