"""Every request has an id of ours: in the answer, in each log line and in the record."""

from __future__ import annotations

from contextvars import ContextVar

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hatelens.storage import identity

HEADER = "X-Request-Id"
current: ContextVar[str] = ContextVar("request_id", default="")
"""Id of the request that is answered now; empty outside of one."""


class RequestIds:
    """ASGI middleware that gives each request a new id; one that comes in is not believed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its id, and name that in the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name = identity.new()
        scope.setdefault("state", {})["request_id"] = name
        current.set(name)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        await self.app(scope, receive, sending)


def of(request: Request) -> str:
    """Return the id of a request; empty where the middleware is not installed."""
    return getattr(request.state, "request_id", "")
