"""A route whose function reads the request itself."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response


class Direct(APIRoute):
    """A route that hands the request on as it is: ``async def route(request) -> Response``.

    FastAPI otherwise looks for parameters, a body and what to do with the answer at each request,
    also where there is none of that; here the OpenAPI document is all that it makes of a route.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function itself."""
        return self.endpoint
