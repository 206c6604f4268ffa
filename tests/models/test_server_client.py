from __future__ import annotations

import logging
import socket
import time
from dataclasses import replace

import pytest

from hatelens.errors import ConfigError, ModelError
from hatelens.models.server_client import RefusedError, ServerClient, UnavailableError, address
from hatelens.models.server_limits import Limits
from tests.model_server import Answer, serving

PATIENT = Limits(timeout=60.0, connect=30.0, retries=2, backoff=0.01, concurrency=3)
HASTY = replace(PATIENT, timeout=1.0)
SECRET = "sk-nobody-may-see-this"


def script(*answers: Answer):
    """Give answers one after the other, the last one again and again."""
    left = list(answers)
    return lambda path, body: left.pop(0) if len(left) > 1 else left[0]


def test_an_answer_is_json_and_the_question_is_sent_as_ascii():
    with serving(script(Answer({"ok": True}))) as server:
        assert ServerClient(server.url, PATIENT).post("v1/x", {"text": "\ud800 é"}) == {"ok": True}
        assert server.asked[0][2] == {"text": "\ud800 é"}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_that_fails_for_a_moment_is_asked_again(status):
    with serving(script(Answer("", status), Answer("", status), Answer({"ok": 1}))) as server:
        assert ServerClient(server.url, PATIENT).post("v1/x", {}) == {"ok": 1}
        assert len(server.asked) == 3


def test_a_server_that_keeps_failing_is_one_plain_line():
    broken = Answer({"error": {"message": "out of memory"}}, 500)
    with serving(script(broken)) as server:
        with pytest.raises(
            UnavailableError, match=r"does not answer \(500 out of memory\)"
        ) as told:
            ServerClient(server.url, PATIENT).post("v1/x", {})
        assert len(server.asked) == 3
    assert "\n" not in str(told.value)
    assert told.value.status == 503


def test_the_pause_that_a_server_asks_for_is_kept():
    with serving(script(Answer("", 429, {"Retry-After": "1"}), Answer({}))) as server:
        begun = time.monotonic()
        ServerClient(server.url, PATIENT).post("v1/x", {})
        assert time.monotonic() - begun >= 1.0


def test_a_server_that_is_down_is_one_plain_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(UnavailableError, match=r"does not answer .* Start it") as told:
        ServerClient(url, PATIENT).post("v1/x", {})
    assert url in str(told.value)


def test_a_slow_server_is_given_up_and_not_asked_again():
    with serving(script(Answer({}, delay=4.0))) as server:
        with pytest.raises(UnavailableError, match=r"did not answer within 1 seconds"):
            ServerClient(server.url, HASTY).post("v1/x", {})
        assert len(server.asked) == 1


def test_an_answer_that_drips_is_given_up_after_the_same_time():
    with serving(script(Answer({"much": "x" * 400}, drip=0.05))) as server:
        begun = time.monotonic()
        with pytest.raises(UnavailableError, match="did not answer within"):
            ServerClient(server.url, HASTY).post("v1/x", {})
        assert time.monotonic() - begun < 9


def test_an_answer_without_end_is_not_read_whole(monkeypatch):
    monkeypatch.setattr("hatelens.models.server_client.LARGEST", 1000)
    with (
        serving(script(Answer(b"x" * 5000))) as server,
        pytest.raises(ModelError, match="more than 1000 bytes"),
    ):
        ServerClient(server.url, PATIENT).post("v1/x", {})


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b"[" * 100_000, b"\xff\xfe"])
def test_an_answer_that_is_no_json_is_one_plain_line(body):
    with (
        serving(script(Answer(body))) as server,
        pytest.raises(ModelError, match="which is not JSON"),
    ):
        ServerClient(server.url, PATIENT).post("v1/x", {})


def test_a_refusal_is_not_tried_again_and_names_the_reason():
    with serving(script(Answer({"error": "model 'x' not found"}, 404))) as server:
        with pytest.raises(RefusedError, match="404 model 'x' not found"):
            ServerClient(server.url, PATIENT).post("v1/x", {})
        assert len(server.asked) == 1


def test_the_key_is_sent_but_never_shown(monkeypatch, caplog):
    monkeypatch.setenv("A_KEY", SECRET)
    said = Answer({"error": {"message": f"bad key {SECRET}"}}, 400)
    caplog.set_level(logging.DEBUG)
    with serving(script(said)) as server:
        client = ServerClient(server.url, PATIENT, key="A_KEY")
        with pytest.raises(RefusedError) as told:
            client.post("v1/x", {})
        assert server.asked[0][1]["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in str(told.value)
    assert SECRET not in caplog.text
    assert SECRET not in repr(vars(client)["limits"])


def test_a_missing_key_is_said_by_the_name_of_its_variable():
    with pytest.raises(ModelError, match="The variable NO_SUCH_KEY"):
        ServerClient("http://localhost:1", PATIENT, key="NO_SUCH_KEY")


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_wants_a_key_says_so(status):
    with (
        serving(script(Answer("", status))) as server,
        pytest.raises(RefusedError, match="wants a key"),
    ):
        ServerClient(server.url, PATIENT).get("v1/models")


def test_no_more_questions_than_allowed_are_under_way_and_answers_keep_their_order():
    def echo(path, body):
        return Answer({"n": body["n"]}, delay=0.05)

    with serving(echo) as server:
        client = ServerClient(server.url, PATIENT)
        got = client.each(lambda n: client.post("v1/x", {"n": n})["n"], list(range(12)))
        assert got == list(range(12))
        assert 1 < server.most <= 3


def test_the_first_failure_ends_the_others():
    def fails(path, body):
        return Answer({"error": "no"}, 400) if body["n"] == 0 else Answer({}, delay=0.05)

    with serving(fails) as server:
        client = ServerClient(server.url, PATIENT)
        with pytest.raises(RefusedError):
            client.each(lambda n: client.post("v1/x", {"n": n}), list(range(50)))
        assert len(server.asked) < 20


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://localhost:11434/v1/", "http://localhost:11434"),
        ("https://example.org/models/v1", "https://example.org/models"),
        (" http://127.0.0.1:8080 ", "http://127.0.0.1:8080"),
    ],
)
def test_an_address_is_kept_without_its_end(given, kept):
    assert address(given) == kept


@pytest.mark.parametrize(
    "wrong", ["localhost:11434", "ftp://x", "http://", "http://x:port", "http://x/?a=1", ""]
)
def test_what_is_no_address_is_said(wrong):
    with pytest.raises(ModelError, match="is no address of a server"):
        address(wrong)


def test_a_password_in_an_address_is_refused_and_not_repeated():
    with pytest.raises(ModelError, match="must hold no password") as told:
        address("http://me:hunter2@localhost")
    assert "hunter2" not in str(told.value)


def test_limits_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("HATELENS_SERVER_TIMEOUT", "7.5")
    monkeypatch.setenv("HATELENS_SERVER_CONCURRENCY", "2")
    assert Limits.from_environment() == Limits(timeout=7.5, concurrency=2)


@pytest.mark.parametrize("value", ["many", "-1", "0", "nan", "1.5"])
def test_a_wrong_limit_is_said(monkeypatch, value):
    monkeypatch.setenv("HATELENS_SERVER_CONCURRENCY", value)
    with pytest.raises(ConfigError, match=r"HATELENS_SERVER_CONCURRENCY is .* a whole number"):
        Limits.from_environment()
