"""``GET /$discovery/rest``: the document that Google's clients build themselves from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import resources
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hatelens import __version__
from hatelens.config.settings import ServerSettings
from hatelens.serving.answer import Json, shown
from hatelens.serving.google_rpc import GoogleError
from hatelens.serving.perspective_attributes import HATEFUL, Attributes
from hatelens.serving.perspective_record import DOCUMENT

PATH = "/$discovery/rest"
VERSION = "v1alpha1"
Version = Annotated[str, Query(json_schema_extra={"enum": [VERSION]})]
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


def router(attributes: Callable[[], Attributes], settings: ServerSettings) -> APIRouter:
    """Return the route of the document.

    Args:
        attributes: says what the model scores that is served now, which the document lists.
        settings: the address that clients reach, where it is not the one that they ask.
    """
    routes = APIRouter(tags=["compatible"])

    @routes.get(
        PATH, summary="Describe the shape of Perspective", response_class=Json, responses=DOCUMENT
    )
    async def discovery(request: Request, version: Version = VERSION) -> Response:
        """Give the discovery document of `v1alpha1`; its addresses are those of this server."""
        if version != VERSION:
            error = GoogleError("INVALID_REQUEST", f"No version {shown(version)}; ask {VERSION}.")
            return error.answer()
        root = address(request, settings.public_url)
        return Json(document(attributes()) | {"rootUrl": root, "baseUrl": root})

    return routes


def document(attributes: Attributes) -> dict[str, Any]:
    """Return the document for a model, its addresses still empty."""
    file = resources.files("hatelens.serving") / "discovery.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    sources = [
        f"{name} (the model's {source})" if source == HATEFUL else f"{name} (its {source})"
        for name, source in attributes.sources.items()
    ]
    content["description"] = (
        f"hatelens {__version__}, model {attributes.model_version}. It scores "
        f"{', '.join(sources)}; other attributes are refused."
    )
    content["schemas"]["AnalyzeCommentRequest"]["properties"]["requestedAttributes"][
        "description"
    ] = f"Any of {', '.join(attributes.sources)}."
    return content


def address(request: Request, public_url: str) -> str:
    """Return the address of this server as the client sees it, with a slash at its end.

    Args:
        request: whose own address and ``Host`` count where nothing else is said.
        public_url: what the settings say, as behind a proxy; empty for nothing.
    """
    if public_url:
        return public_url.rstrip("/") + "/"
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):  # a stranger's: it goes into a document that clients follow
        name, port = request.scope.get("server") or ("localhost", None)
        host = f"{name}:{port}" if port else name
    return f"{request.url.scheme}://{host}/"
