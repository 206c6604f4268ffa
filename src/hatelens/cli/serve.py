"""``hatelens serve``: the model over HTTP, with a page to try it on."""

from __future__ import annotations

import math
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hatelens.errors import ConfigError, require

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from hatelens.config.settings import ServerSettings

BACKLOG = 2048
LIBRARIES = (
    "alembic",
    "argon2",
    "cryptography",
    "fastapi",
    "jinja2",
    "python_multipart",
    "prometheus_client",
    "pydantic_settings",
    "sqlalchemy",
    "uvicorn",
)


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
    database: Annotated[
        str | None,
        typer.Option(
            help="Where the record of answers is: sqlite:///FILE or postgresql://USER@HOST/NAME. "
            "[default: sqlite:///hatelens.db]"
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Policy file: the thresholds of communities, as from migrate."),
    ] = None,
    store_text: Annotated[
        str | None,
        typer.Option(
            help="Texts to store, encrypted with HATELENS_SECRET: never, flagged or all. "
            "[default: never]"
        ),
    ] = None,
    require_key: Annotated[
        bool | None,
        typer.Option("--require-key", help="Refuse who has no API key; see hatelens keys."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that answer, each with a model. [default: 1]")
    ] = None,
) -> None:
    """Serve a model: POST /infer, the shapes of other services, and a page to try it on.

    Every answer is on record before it is sent. All else is set by variables such as
    HATELENS_MAX_TEXTS; an option wins over its variable.
    """
    for library in LIBRARIES:
        require(library, "serve")
    from hatelens.config import settings as server

    if model and local_model:
        raise ConfigError("Give --model or --local-model, not both.")
    settings = server.read(
        model=model or local_model,
        host=host,
        port=port,
        database=database,
        policy=policy,
        store_text=store_text,
        require_key=require_key,
        workers=workers,
    )
    listening = listen(settings.host, settings.port)
    with _model(settings.model, start=local_model is not None) as name:
        _answer(settings.model_copy(update={"model": name}), listening)


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


def _answer(settings: ServerSettings, listening: socket.socket) -> None:
    """Answer with one process or several; whatever is wrong is told before anything starts."""
    from hatelens.models import folder
    from hatelens.serving import switch

    _check(settings)
    if settings.workers > 1:
        from hatelens.serving import workers

        named = switch.promoted(settings)
        version = named.version if named else folder.read(folder.find(settings.model)).model_version
        _tell(version, settings, listening)
        workers.run(settings, listening, options(settings))
        return
    from hatelens.serving import app

    begun = switch.started(settings)
    application = app.create(begun.pipeline, settings, begun.named)
    _tell(begun.pipeline.model_version, settings, listening)
    run(application, listening, settings)


def _check(settings: ServerSettings) -> None:
    """Open the record once, and read the policy file.

    Raises:
        ConfigError: the policy file is wrong, or the secret is not the database's.
        StorageError: the database cannot be opened.
    """
    from hatelens.config import policy
    from hatelens.storage import database, sealing

    if settings.policy:
        policy.read(Path(settings.policy))
    opened = database.opened(settings.database)
    try:
        sealing.sealer(opened, settings.secret.get_secret_value())
    finally:
        opened.close()


def _tell(version: str, settings: ServerSettings, listening: socket.socket) -> None:
    page = address(settings.host, listening.getsockname()[1])
    sys.stderr.write(f"hatelens: model {version}; try it at {page}\n")
    sys.stderr.flush()


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


def run(application: ASGIApp, listening: socket.socket, settings: ServerSettings) -> None:
    """Answer requests until SIGTERM or Ctrl+C; those under way are finished first."""
    import uvicorn

    from hatelens.serving import logs, workers

    workers.settle()
    logs.configure(settings.log_level, settings.log_format)
    # uvicorn raises the signal again once it is done; a stop that was asked for ends with 0.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.Server(uvicorn.Config(application, **options(settings))).run(sockets=[listening])


def options(settings: ServerSettings) -> dict[str, Any]:
    """Return what uvicorn is told."""
    from hatelens.serving.protocol import Protocol

    return {
        # hatelens.access logs requests itself: uvicorn would log query strings.
        "access_log": False,
        "log_config": None,
        "log_level": settings.log_level,
        "loop": "uvloop",
        "http": Protocol,
        "ws": "none",
        "lifespan": "on",
        "server_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": math.ceil(settings.drain),
    }
