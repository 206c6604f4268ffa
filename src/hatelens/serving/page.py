"""``GET /``: the page on which a visitor tries the model, its static files, and ``GET /docs``."""

from __future__ import annotations

import json
from importlib import resources

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from hatelens import __version__
from hatelens.config.settings import ServerSettings
from hatelens.serving import markup
from hatelens.serving.answer import RefusalError, shown
from hatelens.serving.desk import Desk

MEDIA = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
EXAMPLES = (
    "My neighbours are immigrants and we cook together on Sundays.",
    "Nobody should ever say that immigrants are animals.",
    "Immigrants are stupid and disgusting, throw them all out of our town.",
)


def router(desk: Desk, settings: ServerSettings) -> APIRouter:
    """Return the routes of the pages; what they show of a model is rendered once."""
    routes = APIRouter(include_in_schema=False)
    files = _static()

    tried: dict[tuple[str, str], str] = {}

    @routes.get("/")
    async def try_it() -> Response:
        pipeline = desk.pipeline
        versions = (pipeline.model_version, pipeline.policy_version)
        if versions not in tried:
            tried[versions] = markup.template("try.html").render(
                pipeline=pipeline, settings=settings, examples=EXAMPLES, version=__version__
            )
        return HTMLResponse(tried[versions])

    @routes.get("/docs")
    async def docs(request: Request) -> Response:
        template = markup.template("docs.html")
        paths = request.app.openapi()["paths"]
        return HTMLResponse(template.render(paths=paths, dumps=json.dumps, version=__version__))

    @routes.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in files:
            raise RefusalError(404, f"There is no file {shown(name)} here.")
        suffix = name[name.rindex(".") :]
        headers = {"Cache-Control": "no-cache"}
        return Response(files[name], media_type=MEDIA[suffix], headers=headers)

    return routes


def _static() -> dict[str, bytes]:
    """Read the static files into memory: a fixed table that no path can lead out of."""
    folder = resources.files("hatelens.serving") / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir()}
