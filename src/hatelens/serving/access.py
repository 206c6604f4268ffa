"""One log line per request, without query strings, texts or anything else that a visitor wrote."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("hatelens.access")

Observe = Callable[[str, str, int, float], None]


class AccessLog:
    """ASGI middleware that logs method, route, status and milliseconds.

    It names the route (``/static/{name}``) and not the path, for a path can hold a text; ``-`` is
    a path that is none of the service's own routes.

    Args:
        app: the service.
        observe: is told of each request, too: method, route, status and seconds.
    """

    def __init__(self, app: ASGIApp, observe: Observe | None = None) -> None:
        self.app = app
        self._observe = observe

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
            self._note(scope, status, time.perf_counter() - begin)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"][:10]
        route = getattr(scope.get("route"), "path", "-")
        took = 1000 * seconds
        facts = {"method": method, "route": route, "status": status, "ms": round(took, 1)}
        logger.info("%s %s %d %.1f ms", method, route, status, took, extra={"facts": facts})
        if self._observe is not None:
            self._observe(method, route, status, seconds)
