"""Which other websites' scripts may ask the service: none, unless the settings name them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from hatelens.errors import ConfigError
from hatelens.serving.answer import refused

ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")
METHODS = ("GET", "POST", "DELETE")
SENT = ("Authorization", "Content-Type", "Ocp-Apim-Subscription-Key", "X-Api-Key", "X-Goog-Api-Key")
SHOWN = (
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Model-Version",
    "X-Policy-Version",
    "X-Request-Id",
)


class Cors(CORSMiddleware):
    """ASGI middleware that answers the browser's question whether a website may ask.

    Cookies and saved passwords are never sent along: a website needs a key of its own.

    Args:
        app: the service.
        origins: that may ask, as ``https://forum.example``; ``*`` alone for all.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=SENT,
            expose_headers=SHOWN,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer the browser's question; a refusal has the service's one shape."""
        answer = super().preflight_response(request_headers)
        if answer.status_code == 200:
            return answer
        return refused(
            403,
            "A website may not ask this. HATELENS_CORS_ORIGINS names those that may; they may use "
            f"{', '.join(METHODS)} and the headers that carry a key.",
        )


def checked(origins: Sequence[str]) -> tuple[str, ...]:
    """Return the origins, as browsers write them.

    Raises:
        ConfigError: one is no origin.
    """
    if tuple(origins) == ("*",):
        return ("*",)
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ConfigError(
                f"HATELENS_CORS_ORIGINS holds {ascii(origin)[:80]}; an origin is like "
                "https://forum.example or http://localhost:3000, in lower case and without a "
                "path. Give several with commas, or * alone for all."
            )
    return tuple(origins)
