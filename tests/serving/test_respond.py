"""``POST /respond``: conversations in, replies out, everything bounded."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from hatelens.config import settings as server
from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.models.conversation import Message
from hatelens.models.guard import SAFE
from hatelens.serving import app as service
from hatelens.serving import respond
from hatelens.serving.respond import Answered
from tests.serving.conftest import Keywords

LIMITS = ServerSettings(max_body_bytes=2000, max_messages=3, max_message_chars=100)


def say(*contents: str) -> dict[str, list[dict[str, str]]]:
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[n % 2], "content": one} for n, one in enumerate(contents)]}


def words(messages: Sequence[Message]) -> str:
    return f"You said {messages[-1].content}"


def opened(settings: ServerSettings = LIMITS, chat: respond.Chat = words) -> TestClient:
    app = service.create(Pipeline(Keywords()), settings)
    app.include_router(respond.router(chat, lambda: Pipeline(Keywords()), settings))
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with opened() as made:
        yield made


def test_a_conversation_is_answered(client: TestClient) -> None:
    answer = client.post("/respond", json=say("Hello", "Hi", "How are you?"))
    assert answer.status_code == 200
    assert answer.json() == {
        "reply": "You said How are you?",
        "type": "follow-up",
        "held_back": False,
    }
    Answered.model_validate(answer.json())


def test_the_served_detector_guards_both_sides(client: TestClient) -> None:
    unkind = "Veluvians are stupid and disgusting."
    answer = client.post("/respond", json=say(unkind)).json()
    assert answer == {"reply": SAFE["stop"], "type": "stop", "held_back": True}
    with opened(chat=lambda _: unkind) as other:
        assert other.post("/respond", json=say("Hello")).json()["held_back"]


def test_the_guard_can_be_left_out_and_speaks_in_the_mode() -> None:
    unkind = say("Veluvians are stupid and disgusting.")
    with opened(LIMITS.model_copy(update={"respond_guard": False})) as bare:
        assert not bare.post("/respond", json=unkind).json()["held_back"]
    with opened(LIMITS.model_copy(update={"respond_mode": "counter"})) as counter:
        assert counter.post("/respond", json=unkind).json()["reply"] == SAFE["counter"]


@pytest.mark.parametrize(
    ("body", "status", "line"),
    [
        (b"", 400, "is empty"),
        (b"\xff", 400, "not UTF-8"),
        (b"{", 400, "not JSON"),
        (b'{"messages": NaN}', 400, "no JSON number"),
        (b'{"messages": [], "messages": []}', 400, "names a field twice"),
        (b"[" * 900 + b"]" * 900, 422, "must be an object"),
        (b"[]", 422, "must be an object"),
        (b"{}", 422, "has no messages"),
        (b'{"message": []}', 422, "did you mean 'messages'"),
        (b'{"messages": {}}', 422, "must be a list"),
        (b'{"messages": ["a"]}', 422, r"messages[0] is a string"),
        (b'{"messages": []}', 422, "must begin and end"),
        (b'{"messages": [{"role": "user"}]}', 422, "has no content"),
        (b'{"messages": [{"role": "user", "content": 1}]}', 422, "content is a number"),
        (b'{"messages": [{"role": "system", "content": "a"}]}', 422, "No role named 'system'"),
        (b'{"messages": [{"role": "assistant", "content": "a"}]}', 422, "must begin and end"),
        (b'{"messages": [{"role": "user", "content": " "}]}', 422, "are empty"),
        (json.dumps(say("a", "b", "c", "d", "e")).encode(), 413, "at most 3"),
        (json.dumps(say("a" * 101)).encode(), 413, "at most 100"),
        (json.dumps(say("a" * 2000)).encode(), 413, "larger than 2000 bytes"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(
    client: TestClient, body: bytes, status: int, line: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post("/respond", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert line in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_plain_text_is_no_conversation(client: TestClient) -> None:
    answer = client.post("/respond", content="Hello", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_a_lone_surrogate_is_answered(client: TestClient) -> None:
    body = rb'{"messages": [{"role": "user", "content": "a \ud800"}]}'
    answer = client.post("/respond", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["reply"] == "You said a \ud800"
    assert answer.content.isascii()


def test_a_model_that_fails_is_one_line() -> None:
    def broken(_: Sequence[Message]) -> str:
        raise OSError("the weights are gone")

    with opened(chat=broken) as client:
        answer = client.post("/respond", json=say("Hello"))
    assert answer.status_code == 500
    assert "weights" not in answer.text


def test_conversations_wait_for_their_turn_and_too_many_are_refused() -> None:
    going, go = threading.Event(), threading.Event()

    def slow(_: Sequence[Message]) -> str:
        going.set()
        go.wait(30)
        return "Good morning."

    settings = LIMITS.model_copy(update={"max_waiting": 1})
    with opened(settings, slow) as client, ThreadPoolExecutor(3) as pool:
        first = pool.submit(client.post, "/respond", json=say("one"))
        going.wait(30)
        others = [pool.submit(client.post, "/respond", json=say(n)) for n in ("two", "three")]
        refused = next(as_completed(others, timeout=30)).result()
        assert refused.status_code == 503
        go.set()
        assert first.result().status_code == 200
        assert sorted(one.result().status_code for one in others) == [200, 503]


def test_without_a_chat_model_in_the_settings_there_is_no_route(app: FastAPI) -> None:
    with TestClient(app) as client:
        assert client.post("/respond", json=say("Hello")).status_code == 404
    assert not respond.is_on(LIMITS)


def test_variables_name_the_chat_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATELENS_RESPOND_BASE", "smollm2")
    monkeypatch.setenv("HATELENS_RESPOND_MODE", "counter")
    settings = server.read()
    assert respond.is_on(settings)
    assert (settings.respond_base, settings.respond_mode) == ("smollm2", "counter")


def test_the_interface_names_the_route_and_its_shapes(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    body = paths["/respond"]["post"]["requestBody"]["content"]["application/json"]
    assert body["example"]["messages"][0]["role"] == "user"
    assert "503" in paths["/respond"]["post"]["responses"]


def test_a_real_tiny_chat_model_is_served(tmp_path) -> None:
    from tests import tiny_chat

    settings = LIMITS.model_copy(
        update={"respond_base": str(tiny_chat.write(tmp_path)), "max_reply_tokens": 4}
    )
    with TestClient(service.create(Pipeline(Keywords()), settings)) as client:
        answer = client.post("/respond", json=say("Hello"))
    assert answer.status_code == 200
    Answered.model_validate(answer.json())
