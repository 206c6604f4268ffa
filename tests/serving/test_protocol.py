from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from hatelens.serving import protocol
from hatelens.serving.protocol import Joined
from tests.running import Running, running


class Noted(asyncio.Transport):
    """A transport that notes what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def wrote(what: Callable[[Joined], object]) -> list[bytes]:
    """Return what reaches the transport by the end of a turn."""
    noted = Noted()

    async def body() -> None:
        what(Joined(noted, asyncio.get_running_loop()))
        await asyncio.sleep(0)

    asyncio.run(body())
    return noted.written


def test_what_is_written_in_one_turn_goes_out_together() -> None:
    def head_and_body(joined: Joined) -> None:
        joined.write(b"head ")
        joined.write(b"body")

    assert wrote(head_and_body) == [b"head body"]


def test_much_goes_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MOST", 4)

    def much(joined: Joined) -> None:
        joined.write(b"12345")
        joined.write(b"6")

    assert wrote(much) == [b"12345", b"6"]


def test_what_was_written_goes_out_before_the_end_and_nothing_after_it() -> None:
    def ended(joined: Joined) -> None:
        joined.write(b"last")
        joined.close()
        joined.write(b"lost")
        assert joined.is_closing()

    assert wrote(ended) == [b"last"]


def test_an_answer_reaches_its_client_in_one_piece(model_folder, tmp_path) -> None:
    with running(model_folder, tmp_path) as server:
        assert received(server).endswith(b"}")


def received(server: Running) -> bytes:
    """Return what one read from the socket gives after a request."""
    host, port = server.url.removeprefix("http://").split(":")
    body = b'{"text": "a"}'
    head = b"POST /infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return client.recv(65536)
