"""``GET /drift``: whether live texts are still those that the model was made for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from hatelens import __version__
from hatelens.config.settings import ServerSettings
from hatelens.serving import markup
from hatelens.serving.answer import Json
from hatelens.serving.desk import Desk
from hatelens.serving.record import ERROR, Shape
from hatelens.storage import alarms, clock, watches
from hatelens.storage.database import Database

MOST = 100
"""Alarms that are listed."""
UNSEEN = (
    "Nothing was measured of this model's traffic yet. Where that stays so, it has no reference "
    "to be compared with; add one: hatelens models reference FOLDER."
)
OFF = "Nothing is measured: HATELENS_DRIFT_RATE is 0."


class Signal(Shape):
    """One thing that is measured of texts, and how it is distributed."""

    psi: float = Field(description="Population stability index: 0 for no change.")
    limit: float = Field(description="Above which it is an alarm.")
    bins: list[str] = Field(description="What the shares are of, in order.")
    reference: list[float] = Field(description="Shares when the model was made, 0-1.")
    recent: list[float] = Field(description="Shares in the window, 0-1.")


class Point(Shape):
    """Figures at a time: ``psi.SIGNAL``, and estimates as ``precision``."""

    time: str = Field(description="In UTC.")
    figures: dict[str, float]


class Raised(Shape):
    """An alarm."""

    id: str
    time: str = Field(description="In UTC.")
    model: str
    signal: str
    method: str
    value: float
    limit: float
    window: int = Field(description="Texts that it was found in.")
    explanation: str


class Interval(Shape):
    """A figure with its interval; null where it is undefined."""

    value: float | None
    low: float | None
    high: float | None


class Checked(Shape):
    """An estimate from scores alone, and what verdicts say of it."""

    texts: int = Field(description="Newest texts that it is made from.")
    flag_rate: Interval
    precision: Interval
    recall: Interval
    f1: Interval
    accuracy: Interval
    verdicts: int = Field(description="Answers in doubt that people have judged since.")
    hateful: int = Field(description="Of which they found hateful.")
    contradicted: bool = Field(description="Whether the verdicts contradict the estimate.")
    explanation: str = Field(description="How they do; empty where they do not.")


class Drift(Shape):
    """Whether live texts are still those that the model was made for."""

    model: str = Field(description="Version of the model that is served now.")
    note: str = Field(description="Why nothing is known; empty where something is.")
    texts: int = Field(description="That the watch has seen.")
    window: int = Field(description="Newest texts that are compared.")
    signals: dict[str, Signal]
    history: list[Point]
    performance: Checked | None = Field(description="Null where too few texts were measured.")
    alarms: list[Raised] = Field(description="The newest hundred, of all models.")


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "What is known of the traffic.", "model": Drift},
    503: {"description": "The record cannot be read now.", "model": ERROR},
}


def router(desk: Desk, settings: ServerSettings) -> APIRouter:
    """Return the page and its figures."""
    routes = APIRouter(tags=["record"])
    page = markup.template("drift.html")

    def read() -> dict[str, Any]:
        found = made(desk.database, desk.pipeline.model_version)
        if not settings.drift_rate:
            found["note"] = OFF
        return found

    @routes.get("/drift", include_in_schema=False)
    async def drift() -> Response:
        html = page.render(drift=await run_in_threadpool(read), version=__version__)
        return HTMLResponse(html.encode("utf-8", "replace"))

    @routes.get("/drift.json", summary="Drift", response_class=Json, responses=ANSWERS)
    async def figures() -> Response:
        """Say how far the texts of late are from those that the model was made with."""
        return Json(await run_in_threadpool(read))

    return routes


def made(database: Database, model: str) -> dict[str, Any]:
    """Read what is known of a model's traffic, as plain JSON values.

    Raises:
        StorageError: the record cannot be read.
    """
    state = watches.latest(database, model)
    shown = state.get("shown", {})
    return {
        "model": model,
        "note": "" if shown else UNSEEN,
        "texts": shown.get("texts", 0),
        "window": shown.get("window", 0),
        "signals": shown.get("signals", {}),
        "history": [
            {"time": clock.written(when), "figures": figures}
            for when, figures in state.get("history", {}).get("points", ())
        ],
        "performance": checked(state.get("checked", {})),
        "alarms": [one.to_dict() for one in alarms.latest(database, MOST)],
    }


def checked(kept: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return an estimate and the verdicts on it as one; None where there is none."""
    if not kept:
        return None
    rest = {name: value for name, value in kept.items() if name != "estimate"}
    named = {name: kept["estimate"][name] for name in Checked.model_fields if name not in rest}
    return named | rest
