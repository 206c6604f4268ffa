from __future__ import annotations

import json

import anyio
from starlette.responses import Response
from starlette.testclient import TestClient

from hatelens.detect import Pipeline
from hatelens.serving import health
from hatelens.serving.engine import Engine
from tests.serving.conftest import Keywords
from tests.serving.test_engine import Slow


def test_a_working_model_is_ok_and_names_its_versions(client: TestClient) -> None:
    answer = client.get("/healthcheck")
    assert (answer.status_code, answer.text) == (200, "OK")
    assert answer.headers["x-model-version"] == Keywords.model_version


def test_a_failing_model_is_503(broken: TestClient) -> None:
    answer = broken.get("/healthcheck")
    assert answer.status_code == 503
    assert answer.json() == {"error": "The model fails; the server's log says why."}


def test_a_model_that_is_busy_for_too_long_is_503() -> None:
    engine = Engine(Pipeline(Slow()))

    answers: list[Response] = []

    async def check_while_busy() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(engine.predict, ["a text"])
            await anyio.sleep(0.01)
            answers.append(await health.check(engine, deadline=0.02))

    anyio.run(check_while_busy)
    (answer,) = answers
    assert answer.status_code == 503
    assert "busy for 0.02 seconds" in json.loads(bytes(answer.body))["error"]
