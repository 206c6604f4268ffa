"""One log line per request, without query strings, texts or anything else that a visitor wrote."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("hatelens.access")


class AccessLog:
    """ASGI middleware that logs method, route, status and milliseconds.

    It names the route (``/static/{name}``) and not the path, for a path can hold a text; ``-`` is
    a path that is none of the service's own routes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; log it when the answer is out or the app has failed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin = time.perf_counter()
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            route = getattr(scope.get("route"), "path", "-")
            took = 1000 * (time.perf_counter() - begin)
            logger.info("%s %s %d %.1f ms", scope["method"][:10], route, status, took)
