"""The service put together: routes, headers, log lines and the one shape of refusals."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hatelens import __version__
from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.errors import UserError
from hatelens.serving import health, infer, page, respond
from hatelens.serving.access import AccessLog
from hatelens.serving.answer import RefusalError, refused
from hatelens.serving.engine import Engine
from hatelens.serving.headers import SECURITY, SecurityHeaders

DESCRIPTION = """Detect hate speech in texts and see which words carried the score.
Every answer other than 200 is `{"error": "..."}`: one line that says what was found, what is
allowed and what to do."""


def create(pipeline: Pipeline, settings: ServerSettings) -> FastAPI:
    """Build the service around a loaded model.

    Args:
        pipeline: the model that answers.
        settings: the limits of requests, and the chat model that replies, if there is to be one.

    Returns:
        The ASGI application, ready for uvicorn.

    Raises:
        ModelError: the chat model is not at hand.
    """
    # FastAPI's own /docs and /redoc load scripts from a CDN; page.py serves its own /docs.
    app = FastAPI(
        title="hatelens",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    engine = Engine(pipeline)
    app.include_router(health.router(engine))
    app.include_router(infer.router(engine, settings))
    app.include_router(page.router(pipeline, settings))
    if respond.is_on(settings):
        app.include_router(respond.router(respond.opened(settings), pipeline, settings))
    _refuse_plainly(app)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(AccessLog)
    return app


def _refuse_plainly(app: FastAPI) -> None:
    """Give every answer other than 200 the same one-line shape."""

    @app.exception_handler(UserError)
    async def mistaken(_: Request, error: UserError) -> Response:
        return refused(error.status if isinstance(error, RefusalError) else 422, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return refused(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}.")

    @app.exception_handler(HTTPException)
    async def misrouted(request: Request, error: HTTPException) -> Response:
        line = "There is nothing at this path; GET /docs lists the paths."
        if error.status_code == 405:
            line = f"This path does not take {request.method[:10]}; GET /docs lists what it takes."
        answer = refused(error.status_code, line)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def failed(_: Request, __: Exception) -> Response:
        answer = refused(500, "The model failed on this request; the server's log says why.")
        # This handler stands outside of the middleware, so it adds the headers itself.
        answer.headers.update(SECURITY)
        return answer
