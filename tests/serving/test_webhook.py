"""What is sent to a webhook: signed, tried again, and never anywhere else."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from hatelens.serving.webhook import SIGNATURE, Webhook, signature

SECRET = "a secret of the tests, long enough"
ALARM = {"kind": "drift.alarm", "signal": "length", "value": 0.31}


class Receiver(ThreadingHTTPServer):
    """A real server that writes down what it is sent, and answers as it was told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self.signatures: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hooks/hidden?to=me"


class Handler(BaseHTTPRequestHandler):
    server: Receiver  # pyrefly: ignore -- it is only ever made by one

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.signatures.append(self.headers[SIGNATURE])
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.server.paths.append(self.path)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class names it
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


def deliver(url: str, **given: Any) -> None:
    fields: dict[str, Any] = {"pauses": (0.0, 0.0), **given}
    webhook = Webhook(url, SECRET, **fields)
    webhook.send(ALARM)
    for one in webhook._waiting:
        one.result(30)
    webhook.close()


def test_an_alarm_is_sent_with_a_signature_that_can_be_checked(receiver: Receiver) -> None:
    deliver(receiver.url)
    assert [json.loads(body) for body in receiver.bodies] == [ALARM]
    assert receiver.paths == ["/hooks/hidden?to=me"]
    when = int(receiver.signatures[0].partition(",")[0].removeprefix("t="))
    assert receiver.signatures[0] == signature(SECRET.encode(), when, receiver.bodies[0])
    assert receiver.signatures[0] != signature(b"another", when, receiver.bodies[0])
    assert receiver.signatures[0] != signature(SECRET.encode(), when + 1, receiver.bodies[0])


def test_what_is_not_taken_is_sent_again_and_after_three_times_given_up(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.statuses = [503, 500]
    deliver(receiver.url)
    assert len(receiver.bodies) == 3
    assert caplog.records == []
    receiver.statuses = [500] * 4
    deliver(receiver.url)
    assert len(receiver.bodies) == 6
    assert [record.getMessage() for record in caplog.records] == [
        "The webhook at 127.0.0.1 takes no alarm: it answers 500."
    ]


def test_a_redirect_is_not_followed(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    receiver.statuses = [302, 307, 308]
    deliver(receiver.url)
    assert receiver.paths == ["/hooks/hidden?to=me"] * 3
    assert "it answers 308" in caplog.text


def test_where_nobody_listens_or_answers_it_ends_with_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/hooks/hidden"
        deliver(address, timeout=0.2)
    deliver(address, timeout=0.2)
    with caplog.at_level(logging.INFO):
        deliver(address.replace("http:", "https:"), timeout=0.2)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "The webhook at 127.0.0.1 takes no alarm: TimeoutError.",
        "The webhook at 127.0.0.1 takes no alarm: ConnectionRefusedError.",
        "The webhook at 127.0.0.1 takes no alarm: ConnectionRefusedError.",
    ]


def test_at_most_a_hundred_alarms_wait(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        webhook = Webhook(url, SECRET, pauses=(), timeout=0.3)
        for _ in range(103):
            webhook.send(ALARM)
        webhook.close()
    assert caplog.text.count("does not keep up") == 3
