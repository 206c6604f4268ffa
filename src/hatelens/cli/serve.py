"""``hatelens serve``: the model over HTTP, with a page to try it on."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.errors import ConfigError, require

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from hatelens.config.settings import ServerSettings
    from hatelens.detect import Pipeline

BACKLOG = 2048
LAST_REQUESTS = 30


def command(
    model: Annotated[
        str | None, typer.Option(help="A model folder or name. [default: default]")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one. [default: 8000]")
    ] = None,
    local_model: Annotated[
        str | None,
        typer.Option(
            help="In place of --model: an export to GGUF, or a remote model on this machine; its "
            "server is started, too (Ollama where it is installed, else llama.cpp)."
        ),
    ] = None,
) -> None:
    """Serve a model: POST /infer, GET /healthcheck, and a page to try it on.

    Limits are set by variables such as HATELENS_MAX_TEXTS; an option wins over its variable.
    """
    for library in ("fastapi", "jinja2", "pydantic_settings", "uvicorn"):
        require(library, "serve")
    from hatelens import detect
    from hatelens.config import settings as server

    if model and local_model:
        raise ConfigError("Give --model or --local-model, not both.")
    settings = server.read(model=model or local_model, host=host, port=port)
    listening = listen(settings.host, settings.port)
    with _model(settings.model, start=local_model is not None) as name:
        pipeline = detect.load(name)
        _answer(pipeline, settings, listening)


@contextmanager
def _model(name: str, *, start: bool) -> Iterator[str]:
    """Give the model folder to serve, the server that it may need started where that is wanted."""
    if not start:
        yield name
        return
    for library in ("httpx", "transformers"):
        require(library, "remote" if library == "httpx" else "train")
    from hatelens.serving import local

    with local.started(name) as folder:
        yield folder


def _answer(pipeline: Pipeline, settings: ServerSettings, listening: socket.socket) -> None:
    from hatelens.serving import app

    application = app.create(pipeline, settings)
    page = address(settings.host, listening.getsockname()[1])
    sys.stderr.write(f"hatelens: model {pipeline.model_version}; try it at {page}\n")
    sys.stderr.flush()
    run(application, listening, settings.log_level)


def listen(host: str, port: int) -> socket.socket:
    """Take the port before the model is loaded, so that a taken one is told at once.

    Raises:
        ConfigError: the port is taken or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            f"Cannot listen on {address(host[:100], port)} ({_reason(error)}). "
            "Choose another --port, or another --host of this machine."
        ) from None


def _reason(error: OSError | UnicodeError) -> str:
    """Name the system's reason; a failed name look-up has none (its number is negative)."""
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number and number > 0 else "no such address"


def address(host: str, port: int) -> str:
    """Return the address to type into a browser."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def run(application: ASGIApp, listening: socket.socket, log_level: str) -> None:
    """Answer requests until SIGTERM or Ctrl+C; those under way are finished first."""
    import uvicorn

    logging.basicConfig(
        stream=sys.stderr,
        level=log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    config = uvicorn.Config(
        application,
        # hatelens.access logs requests itself: uvicorn would log query strings.
        access_log=False,
        log_config=None,
        log_level=log_level,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=LAST_REQUESTS,
    )
    # uvicorn raises the signal again once it is done; a stop that was asked for ends with 0.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.Server(config).run(sockets=[listening])
