"""The service put together: routes, headers, log lines, and what runs as long as it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from hatelens import __version__
from hatelens.config import policy as policies
from hatelens.config.policy import Policy
from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.serving import (
    appeals,
    azure,
    cors,
    done,
    drift,
    eyes,
    health,
    infer,
    job_worker,
    jobs,
    login,
    metrics,
    moderations,
    page,
    perspective,
    predict,
    refusals,
    report,
    respond,
    retention,
    review,
    switch,
    texts,
)
from hatelens.serving.access import AccessLog
from hatelens.serving.caller import Callers
from hatelens.serving.desk import Desk
from hatelens.serving.engine import LANES, Engine
from hatelens.serving.headers import SecurityHeaders
from hatelens.serving.metrics import Metrics
from hatelens.serving.request_id import RequestIds
from hatelens.storage import keys
from hatelens.storage.served import Served

DESCRIPTION = """Detect hate speech in texts and see which words carried the score.
Every answer of our own other than 200 is `{"error": "..."}`: one line that says what was found,
what is allowed and what to do. The compatible routes refuse in the form of the service that they
stand in for."""
# In the order in which they are looked through: what is asked most comes first.
ROUTERS = (
    infer,
    perspective,
    moderations,
    azure,
    predict,
    jobs,
    report,
    drift,
    texts,
    appeals,
    review,
    done,
    login,
)


def create(pipeline: Pipeline, settings: ServerSettings, named: Served | None = None) -> FastAPI:
    """Build the service around a loaded model.

    Args:
        pipeline: the model that answers.
        settings: the record, the limits, and the chat model that replies, if there is to be one.
        named: the model as the record has it, where it was promoted.

    Returns:
        The ASGI application, ready for uvicorn; it opens the record when it starts.

    Raises:
        ConfigError: the policy file or an origin is wrong.
        ModelError: the chat model is not at hand, or a community's adapter does not exist.
    """
    policy = policies.read(Path(settings.policy)) if settings.policy else Policy()
    counts = Metrics(policy.communities)
    build = partial(_engine, policy=policy, settings=settings, counts=counts)
    desk = Desk(build(pipeline), settings, policy, counts)
    following = switch.Switch(desk, build, named)
    watching = eyes.Eyes(desk)
    desk.heard += [following.hear, watching.hear]

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Jobs are given back before the engine and the ledger let nothing more in.
        async with (
            desk.open(),
            retention.kept(desk),
            switch.kept(following),
            eyes.kept(watching),
            job_worker.working(desk, settings),
        ):
            yield

    # FastAPI's own /docs and /redoc load scripts from a CDN; page.py serves its own /docs.
    app = FastAPI(
        title="hatelens",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    for module in ROUTERS:
        app.include_router(module.router(desk, settings))
    app.include_router(health.router(desk))
    app.include_router(metrics.router(counts))
    app.include_router(page.router(desk, settings))
    if respond.is_on(settings):
        chat = respond.opened(settings)
        app.include_router(respond.router(chat, lambda: desk.pipeline, settings))
    refusals.install(app)
    _wrap(app, desk, counts)
    return app


def _engine(
    pipeline: Pipeline, policy: Policy, settings: ServerSettings, counts: Metrics
) -> Engine:
    names = {one.adapter for one in policy.communities.values() if one.adapter}
    return Engine(
        pipeline,
        adapters={name: pipeline.adapter(name) for name in sorted(names)},
        max_queue=settings.max_queue,
        max_batch=settings.max_batch,
        deadline=settings.deadline,
        lanes=LANES if pipeline.shareable else 1,
        observe=counts.batch,
    )


def _wrap(app: FastAPI, desk: Desk, counts: Metrics) -> None:
    """Put the middleware around the routes, the innermost first."""
    app.add_middleware(
        Callers,
        find=lambda token: keys.find(desk.database, token),
        settings=desk.settings,
        refused=refusals.formed,
    )
    if desk.settings.cors_origins:
        app.add_middleware(cors.Cors, origins=cors.checked(desk.settings.cors_origins))
    app.add_middleware(SecurityHeaders)
    app.add_middleware(AccessLog, observe=counts.request)
    app.add_middleware(RequestIds)
