"""Every refusal in the form of its path: ours, or that of the service that we stand in for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from hatelens.errors import StorageError, UserError
from hatelens.serving import azure, google_rpc, moderations, request_id
from hatelens.serving.answer import RefusalError, refused
from hatelens.serving.headers import SECURITY

FORMS: Mapping[str, Callable[[int, str], Response]] = {
    "/v1alpha1/": google_rpc.refusal,
    "/$discovery/": google_rpc.refusal,
    "/v1/moderations": moderations.refusal,
    "/contentsafety/": azure.refusal,
}
"""Forms of refusals by what a path begins with; all others have ours."""
FAILED = "The model failed on this request; the server's log says why."
LOST = "There is nothing at this path; GET /docs lists the paths."


def formed(path: str, status: int, line: str) -> Response:
    """Return a refusal in the form of a path."""
    for begin, form in FORMS.items():
        if path.startswith(begin):
            return form(status, line)
    return refused(status, line)


def install(app: FastAPI) -> None:
    """Give every answer other than 200 one line, in the form of its path."""

    @app.exception_handler(UserError)
    async def mistaken(request: Request, error: UserError) -> Response:
        status, pause = _told(error)
        answer = formed(request.url.path, status, str(error))
        if pause:
            answer.headers["Retry-After"] = str(pause)
        return answer

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        line = f"{'.'.join(map(str, first['loc']))}: {first['msg']}."
        return formed(request.url.path, 422, line)

    @app.exception_handler(HTTPException)
    async def misrouted(request: Request, error: HTTPException) -> Response:
        line = LOST
        if error.status_code == 405:
            line = f"This path does not take {request.method[:10]}; GET /docs lists what it takes."
        answer = formed(request.url.path, error.status_code, line)
        answer.headers.update(error.headers or {})
        if error.status_code == 405:
            answer.headers["Allow"] = ", ".join(_allowed(request))
        return answer

    @app.exception_handler(Exception)
    async def failed(request: Request, __: Exception) -> Response:
        answer = formed(request.url.path, 500, FAILED)
        # This handler stands outside of the middleware, so it adds the headers itself.
        answer.headers.update(SECURITY | {request_id.HEADER: request_id.of(request)})
        return answer


def _allowed(request: Request) -> list[str]:
    """Return the methods that a path takes, of all its routes: Starlette names those of one."""
    found: set[str] = set()
    for route in _routes(request.app.routes):
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return sorted(found)


def _routes(given: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Yield the routes themselves, also those of routers that FastAPI holds as one."""
    for route in given:
        router = getattr(route, "original_router", None)
        yield from _routes(router.routes) if router is not None else (route,)


def _told(error: UserError) -> tuple[int, int]:
    """Return the status of a mistake, and after how many seconds to ask again; 0 for never."""
    if isinstance(error, RefusalError):
        return error.status, error.retry_after
    return (503, 1) if isinstance(error, StorageError) else (422, 0)
