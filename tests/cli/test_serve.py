from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from hatelens.cli import serve
from hatelens.config.compose import compose
from hatelens.errors import ConfigError
from hatelens.training import run as training

HATELENS = (sys.executable, "-c", "from hatelens.cli.main import run; run()", "serve")
PLAIN = {"Content-Type": "text/plain"}


@dataclass
class Server:
    """A running ``hatelens serve``."""

    process: subprocess.Popen[str]
    page: str
    version: str
    log: list[str]

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        assert self.process.stderr is not None
        self.log.extend(self.process.stderr)
        return self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("serve") / "linear"
    with pytest.MonkeyPatch.context() as patch:
        # Without other data sets at hand there is nothing to compare the sample set with.
        patch.setenv("HATELENS_DATA", "")
        return training.run(compose(["recipe=demo_linear", f"out={out}"]))


@contextmanager
def serving(*arguments: str) -> Iterator[Server]:
    # What a shell runs in the background ignores Ctrl-C, and so would the server in these tests.
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [*HATELENS, "--port", "0", *arguments], stderr=subprocess.PIPE, text=True
    )
    signal.signal(signal.SIGINT, ignored)
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        found = re.fullmatch(r"hatelens: model (\w+); try it at (http\S+)\n", first)
        assert found, first + process.stderr.read()
        yield Server(process, found[2], found[1], [])
    finally:
        process.kill()
        process.communicate()


def refused(*arguments: str, **variables: str) -> str:
    """Run the command to its end and return its one line."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HATELENS_")}
    done = subprocess.run(
        [*HATELENS, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment | variables,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_the_server_answers_and_sigterm_ends_it_cleanly(model: Path) -> None:
    with serving("--model", str(model)) as server:
        with httpx.Client(base_url=server.page, timeout=30) as client:
            assert client.get("/healthcheck").text == "OK"
            answer = client.post("/infer?note=private", json={"text": "A private text."})
            assert answer.json()["model_version"] == server.version
            assert "server" not in answer.headers
            assert "Check the text" in client.get("/").text
            endless = (b"x" * 65_536 for _ in range(200))
            large = client.post("/infer", content=endless, headers=PLAIN)
            assert large.status_code == 413
            assert client.get("/healthcheck").status_code == 200
        assert server.stop(signal.SIGTERM) == 0
    log = "".join(server.log)
    assert "POST /infer 200" in log
    assert "private" not in log
    assert "Traceback" not in log


@pytest.fixture
def sigterm() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def _stop_when_up(port: int, answers: list[str]) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=30) as client:
        answers.append(client.get(f"http://127.0.0.1:{port}/healthcheck").text)
    os.kill(os.getpid(), signal.SIGTERM)


def test_the_command_returns_when_it_is_asked_to_stop(
    model: Path, sigterm: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    answers: list[str] = []
    visitor = threading.Thread(target=_stop_when_up, args=(port, answers))
    visitor.start()
    serve.command(str(model), "127.0.0.1", port)
    visitor.join()
    assert answers == ["OK"]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"try it at http://127.0.0.1:{port}/" in printed.err


def test_ctrl_c_stops_it_without_a_traceback(model: Path) -> None:
    with serving("--model", str(model)) as server:
        httpx.get(server.page + "healthcheck", timeout=30)
        assert server.stop(signal.SIGINT) == 130
    assert "Traceback" not in "".join(server.log)


def test_broken_requests_are_answered_and_the_server_lives_on(model: Path) -> None:
    with serving("--model", str(model)) as server:
        place = urlsplit(server.page)
        assert place.hostname
        assert place.port
        for request in (
            b"NONSENSE\r\n\r\n",
            b"POST /infer HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
            b"GET /\xff\xfe%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            b"POST /infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ):
            with socket.create_connection((place.hostname, place.port), timeout=30) as line:
                line.sendall(request)
                assert re.match(rb"HTTP/1.1 4\d\d ", line.recv(4096)), request
        assert httpx.get(server.page + "healthcheck", timeout=30).status_code == 200


def test_a_taken_port_is_one_line(model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused("--model", str(model), "--port", str(port))
    assert f"Cannot listen on http://127.0.0.1:{port}/ (Address already in use)" in line
    assert "--port" in line


def test_a_missing_model_is_one_line() -> None:
    line = refused("--model", "/nowhere", "--port", "0")
    assert "no model folder '/nowhere'" in line


def test_a_wrong_variable_is_one_line() -> None:
    line = refused("--port", "0", HATELENS_MAX_TEXTS="many")
    assert line.startswith("hatelens: HATELENS_MAX_TEXTS is 'many'; it must be a valid integer")


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("203.0.113.7", "Cannot assign requested address"),
        ("no such host", "no such address"),
        ("a..b", "no such address"),
    ],
)
def test_an_address_of_another_machine_is_one_line(host: str, reason: str) -> None:
    with pytest.raises(ConfigError, match="Cannot listen on http://") as caught:
        serve.listen(host, 0)
    assert f"({reason})" in str(caught.value)
    assert "--host" in str(caught.value)


def test_an_ipv6_address_is_written_in_brackets() -> None:
    assert serve.address("::1", 8000) == "http://[::1]:8000/"
    assert serve.address("127.0.0.1", 80) == "http://127.0.0.1:80/"


def test_showing_the_help_loads_no_server() -> None:
    code = (
        "import sys, hatelens.cli.main; "
        "sys.exit(bool({'fastapi', 'pydantic', 'uvicorn', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
