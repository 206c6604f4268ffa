from __future__ import annotations

import json

import anyio
from starlette.responses import Response
from starlette.testclient import TestClient

from hatelens import detect
from hatelens.detect import Pipeline
from hatelens.models import remote_folder
from hatelens.models.remote_folder import Wishes
from hatelens.serving import health
from hatelens.serving.engine import Engine
from tests.model_server import Answer, chat_tokens, listed, serving
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


def test_a_model_whose_server_is_down_is_503_with_the_reason_and_recovers(tmp_path) -> None:
    def answer(path: str, body: object) -> Answer:
        return listed("tiny") if path == "/v1/models" else chat_tokens(no=-0.1, yes=-3.0)

    with serving(answer) as server:
        wishes = Wishes(labels=("fine", "hateful"), answers=("no", "yes"))
        remote_folder.make(server.url, tmp_path / "m", wishes)
        engine = Engine(detect.load(str(tmp_path / "m")))
        up = anyio.run(health.check, engine)
        server.answer = lambda path, body: Answer("", 503)
        down = anyio.run(health.check, engine)
        server.answer = answer
        again = anyio.run(health.check, engine)
    assert (up.status_code, down.status_code, again.status_code) == (200, 503, 200)
    assert "does not answer (503" in json.loads(bytes(down.body))["error"]
