from __future__ import annotations

import json

import anyio
from sqlalchemy import text
from starlette.responses import Response
from starlette.testclient import TestClient

from hatelens import detect
from hatelens.config.settings import ServerSettings
from hatelens.models import remote_folder
from hatelens.models.remote_folder import Wishes
from hatelens.serving import health
from hatelens.storage import database as databases
from tests.model_server import Answer, chat_tokens, listed, serving
from tests.serving.conftest import Keywords
from tests.serving.test_engine import Held, started


def test_a_working_model_is_ok_and_names_its_versions(client: TestClient) -> None:
    answer = client.get("/healthcheck")
    assert (answer.status_code, answer.text) == (200, "OK")
    assert answer.headers["x-model-version"] == Keywords.model_version


def test_a_failing_model_is_503(broken: TestClient) -> None:
    answer = broken.get("/healthcheck")
    assert answer.status_code == 503
    assert answer.json() == {"error": "The model fails; the server's log says why."}


def test_a_model_that_is_busy_for_too_long_is_503() -> None:
    model = Held()

    async def check_while_busy() -> Response:
        async with started(model, max_batch=1) as engine:
            async with anyio.create_task_group() as group:
                group.start_soon(engine.predict, ["a text"])
                await anyio.to_thread.run_sync(model.entered.wait, 10)
                answer = await health.check(engine, deadline=0.02)
                model.free.set()
            return answer

    answer = anyio.run(check_while_busy)
    assert answer.status_code == 503
    assert "busy for 0.02 seconds" in json.loads(bytes(answer.body))["error"]


def test_a_model_whose_server_is_down_is_503_with_the_reason_and_recovers(tmp_path) -> None:
    def answer(path: str, body: object) -> Answer:
        return listed("tiny") if path == "/v1/models" else chat_tokens(no=-0.1, yes=-3.0)

    with serving(answer) as server:
        wishes = Wishes(labels=("fine", "hateful"), answers=("no", "yes"))
        remote_folder.make(server.url, tmp_path / "m", wishes)
        pipeline = detect.load(str(tmp_path / "m"))

        async def checked() -> list[Response]:
            async with started(pipeline.model) as engine:
                up = await health.check(engine)
                server.answer = lambda path, body: Answer("", 503)
                down = await health.check(engine)
                server.answer = answer
                return [up, down, await health.check(engine)]

        up, down, again = anyio.run(checked)
    assert (up.status_code, down.status_code, again.status_code) == (200, 503, 200)
    assert "does not answer (503" in json.loads(bytes(down.body))["error"]


def test_live_asks_nothing_and_ready_asks_the_record(broken: TestClient) -> None:
    assert broken.get("/live").text == "OK"
    assert broken.get("/ready").text == "OK"


def test_a_record_that_is_gone_is_not_ready_with_the_reason(
    client: TestClient, settings: ServerSettings
) -> None:
    database = databases.opened(settings.database, new=False)
    with database.begin() as connection:
        connection.execute(text("DROP TABLE chain"))
    database.close()
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["error"]
    assert "\n" not in answer.json()["error"]
    assert client.get("/live").status_code == 200
