"""The service with every route that there is, for tests that go through all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.models.conversation import Message
from hatelens.serving import app as service
from hatelens.serving import respond
from tests.serving.conftest import Keywords
from tests.serving.recorded import url

SECRET = "a secret of the tests, long enough"
POLICY = """
communities:
  my-forum:
    flag: 0.71
    clear: 0.40
"""


def echo(messages: Sequence[Message]) -> str:
    """Reply to a conversation as no chat model would."""
    return f"You said {messages[-1].content}"


def whole(folder: Path, pipeline: Pipeline | None = None, **given: Any) -> FastAPI:
    """Return the service with all routes, its record and its files in a folder."""
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    fields: dict[str, Any] = {
        "database": url(folder),
        "secret": SECRET,
        "store_text": "all",
        "policy": str(policy),
        "jobs_folder": str(folder / "jobs"),
        "max_body_bytes": 200_000,
        "max_job_bytes": 200_000,
    }
    settings = ServerSettings(**(fields | given))
    pipeline = pipeline or Pipeline(Keywords())
    app = service.create(pipeline, settings)
    app.include_router(respond.router(echo, lambda: pipeline, settings))
    return app


@contextmanager
def running(folder: Path, pipeline: Pipeline | None = None, **given: Any) -> Iterator[TestClient]:
    """Run the service with all routes."""
    with TestClient(whole(folder, pipeline, **given), raise_server_exceptions=False) as client:
        yield client
