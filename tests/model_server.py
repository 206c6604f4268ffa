"""A small real HTTP server that answers as a test says, in the place of a model server."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ENTRY = {"id": "tiny", "object": "model", "created": 1, "owned_by": "test"}


@dataclass(frozen=True)
class Answer:
    """One answer: its status, its body (JSON, or bytes as they are), and how slow it comes."""

    body: Any = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0


@dataclass
class ModelServer:
    """What a test sees of the server: its address, what was asked, and what it is to answer."""

    url: str
    answer: Callable[[str, Any], Answer]
    asked: list[tuple[str, Mapping[str, str], Any]] = field(default_factory=list)
    inside: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def bodies(self, path: str) -> list[Any]:
        return [body for there, _, body in self.asked if there == path]


@contextmanager
def serving(answer: Callable[[str, Any], Answer]) -> Iterator[ModelServer]:
    """Answer requests on a free port: ``answer`` is given the path and the body of each."""
    found = ModelServer("", answer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._do(None)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self._do(json.loads(self.rfile.read(length)))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name there
            pass

        def _do(self, body: Any) -> None:
            with found.lock:
                found.asked.append((self.path, dict(self.headers), body))
                found.inside += 1
                found.most = max(found.most, found.inside)
            said = found.answer(self.path, body)
            time.sleep(said.delay)
            with found.lock:
                found.inside -= 1
            # the client may have given up, as the test wants
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._write(said)

        def _write(self, said: Answer) -> None:
            raw = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            step = 1 if said.drip else max(1, len(raw))
            for begin in range(0, len(raw), step):
                self.wfile.write(raw[begin : begin + step])
                time.sleep(said.drip)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def listed(*names: str) -> Answer:
    """Answer ``GET /v1/models``."""
    return Answer({"object": "list", "data": [ENTRY | {"id": name} for name in names]})


def chat_tokens(**logprobs: float) -> Answer:
    """Answer a chat with one token and what else it might have been."""
    found = [{"token": text, "logprob": value} for text, value in logprobs.items()]
    content = [{**found[0], "top_logprobs": found}]
    message = {"role": "assistant", "content": found[0]["token"]}
    return Answer({"choices": [{"message": message, "logprobs": {"content": content}}]})
