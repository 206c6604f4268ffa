"""Clients that load a server: one connection each, the next request once the last is answered.

They share the machine with the server, so they must cost little: requests are bytes that were
made before, an answer is taken apart with two regular expressions, one process and one thread hold
all connections. They talk to this machine only.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

import uvloop

HOST = "127.0.0.1"
END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
REQUEST_ID = re.compile(rb"\r\nx-request-id: *([^\r]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """One request that was answered to its last byte.

    Attributes:
        place: of the request among those that were sent, from 0.
        status: of HTTP.
        request: the server's id of it, ``X-Request-Id``; empty where it gave none.
        seconds: from the first byte sent to the last one received.
    """

    place: int
    status: int
    request: str
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """What became of a load.

    Attributes:
        answers: in the order in which they came.
        unanswered: requests that were sent and whose answer never came whole.
        seconds: from the first request to the last answer.
        processor: seconds of processor time that the clients took meanwhile.
    """

    answers: tuple[Answer, ...]
    unanswered: int
    seconds: float
    processor: float

    @property
    def acknowledged(self) -> list[Answer]:
        """The answers with status 200."""
        return [one for one in self.answers if one.status == 200]


def request(*texts: str, path: str = "/infer") -> bytes:
    """Return the bytes of a request that asks about one text, or about several."""
    asked = {"text": texts[0]} if len(texts) == 1 else {"texts": texts}
    body = json.dumps(asked).encode("ascii")
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


@dataclass
class Load:
    """The requests that are sent, and what came back so far.

    Attributes:
        requests: each as bytes, with its place.
        watch: is told how many answers there are, at each.
        answers: so far.
        sent: requests so far.
        finished: when the last answer came, by ``time.perf_counter``.
    """

    requests: Iterator[tuple[int, bytes]]
    watch: Callable[[int], object]
    answers: list[Answer] = field(default_factory=list)
    sent: int = 0
    finished: float = 0.0

    def take(self) -> tuple[int, bytes] | None:
        """Take the next request; None when all are taken."""
        found = next(self.requests, None)
        self.sent += found is not None
        return found

    def add(self, answer: Answer, now: float) -> None:
        """Note an answer."""
        self.answers.append(answer)
        self.finished = now
        self.watch(len(self.answers))


class Client(asyncio.Protocol):
    """One connection that asks until there is nothing left to ask, or the server is gone.

    Args:
        load: what is asked.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._received = b""
        self._place = 0
        self._begun = 0.0
        self._transport: asyncio.Transport | None = None
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        # Not checked: uvloop's transports are none of asyncio's by class.
        self._transport = cast("asyncio.Transport", transport)
        self._next(self._transport)

    def data_received(self, data: bytes) -> None:
        """Take in a piece; when the answer is whole, note it and send the next request."""
        self._received += data
        head = self._received.find(END)
        if head < 0:
            return
        length = LENGTH.search(self._received, 0, head)
        assert length is not None, "the server does not say how long its answer is"
        if len(self._received) < head + len(END) + int(length[1]):
            return
        now = time.perf_counter()
        named = REQUEST_ID.search(self._received, 0, head)
        status, found = int(self._received[9:12]), named[1].decode("ascii") if named else ""
        self._load.add(Answer(self._place, status, found, now - self._begun), now)
        assert self._transport is not None
        self._next(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; what was asked and not answered stays unanswered."""
        del exc
        if not self.closed.done():
            self.closed.set_result(None)

    def _next(self, transport: asyncio.Transport) -> None:
        taken = self._load.take()
        if taken is None:
            transport.close()
            return
        self._received = b""
        self._place, message = taken
        self._begun = time.perf_counter()
        transport.write(message)


def drive(
    port: int,
    requests: Iterable[bytes],
    clients: int,
    limit: float,
    watch: Callable[[int], object] = int,
) -> Outcome:
    """Send requests to a server on this machine.

    Args:
        port: that it listens on.
        requests: as ``request`` makes them; each is sent once.
        clients: connections at once.
        limit: seconds after which what is still under way is given up.
        watch: is told how many answers there are, at each; by default nobody is.

    Returns:
        What came back, also where the server went away in the middle.
    """
    load = Load(iter(enumerate(requests)), watch)
    processor, begun = time.process_time(), time.perf_counter()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_all(load, port, clients, limit))
    return Outcome(
        answers=tuple(load.answers),
        unanswered=load.sent - len(load.answers),
        seconds=max(load.finished - begun, 0.0),
        processor=time.process_time() - processor,
    )


async def _all(load: Load, port: int, clients: int, limit: float) -> None:
    """Open the connections and wait until each has ended, or time is up."""
    loop = asyncio.get_running_loop()
    opening = [loop.create_connection(lambda: Client(load), HOST, port) for _ in range(clients)]
    opened = await asyncio.gather(*opening, return_exceptions=True)
    refused = [one for one in opened if isinstance(one, BaseException)]
    pairs = [one for one in opened if not isinstance(one, BaseException)]
    if refused and not pairs:
        raise refused[0]
    if pairs:
        await asyncio.wait([client.closed for _, client in pairs], timeout=limit)
    for transport, _ in pairs:
        transport.abort()
