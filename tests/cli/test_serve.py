from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx
import pytest

from hatelens.cli import serve
from hatelens.errors import ConfigError
from hatelens.storage import answers as recorded
from hatelens.storage import database as databases
from hatelens.storage import sealing
from tests.running import HATELENS, clean, made, running

PLAIN = {"Content-Type": "text/plain"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("serve") / "linear")


def refused(*arguments: str, **variables: str) -> str:
    """Run the command to its end and return its one line."""
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [*HATELENS, "--port", "0", *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=folder,
            env={**clean(), **variables},
            check=False,
        )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_the_server_answers_and_sigterm_ends_it_cleanly(model: Path, tmp_path: Path) -> None:
    with running(model, tmp_path) as server:
        with server.client() as client:
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
    assert (tmp_path / "hatelens.db").is_file()


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
    model: Path, sigterm: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    answers: list[str] = []
    visitor = threading.Thread(target=_stop_when_up, args=(port, answers))
    visitor.start()
    serve.command(str(model), "127.0.0.1", port, database=f"sqlite:///{tmp_path / 'record.db'}")
    visitor.join()
    assert answers == ["OK"]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"try it at http://127.0.0.1:{port}/" in printed.err


def test_ctrl_c_stops_it_without_a_traceback(model: Path, tmp_path: Path) -> None:
    with running(model, tmp_path) as server:
        assert server.stop(signal.SIGINT) == 130
    assert "Traceback" not in "".join(server.log)


def test_what_is_under_way_is_answered_and_on_record_before_the_end(
    model: Path, tmp_path: Path
) -> None:
    text = "Zorblaxians are stupid. " * 20_000
    answers: list[httpx.Response] = []
    with running(model, tmp_path) as server:

        def ask() -> None:
            with server.client() as client:
                answers.append(client.post("/infer", json={"text": text}))

        visitor = threading.Thread(target=ask)
        visitor.start()
        time.sleep(0.3)  # long enough to be let in; the text takes longer
        assert server.stop(signal.SIGTERM) == 0
        visitor.join()
    (answer,) = answers
    assert answer.status_code == 200
    database = databases.opened(f"sqlite:///{tmp_path / 'hatelens.db'}", new=False)
    (row,) = recorded.of_request(database, answer.headers["x-request-id"], 0)
    assert row.length == len(text)
    database.close()


def test_broken_requests_are_answered_and_the_server_lives_on(model: Path, tmp_path: Path) -> None:
    with running(model, tmp_path) as server:
        place = urlsplit(server.url)
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
        assert httpx.get(server.url + "/healthcheck", timeout=30).status_code == 200


def test_a_taken_port_is_one_line(model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused("--model", str(model), "--port", str(port))
    assert f"Cannot listen on http://127.0.0.1:{port}/ (Address already in use)" in line
    assert "--port" in line


def test_a_missing_model_is_one_line() -> None:
    line = refused("--model", "/nowhere")
    assert "no model folder '/nowhere'" in line


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"MAX_TEXTS": "many"}, "HATELENS_MAX_TEXTS is 'many'; it must be a valid integer"),
        ({"DATABASE": "mysql://host/name"}, "sqlite"),
        ({"DATABASE": "sqlite:////nowhere/at/all.db"}, "/nowhere/at/all.db"),
        ({"STORE_TEXT": "all"}, "HATELENS_STORE_TEXT is 'all', and texts are stored encrypted"),
        ({"POLICY": "/nowhere.yaml"}, "The policy file /nowhere.yaml cannot be read"),
        ({"CORS_ORIGINS": "no origin"}, "HATELENS_CORS_ORIGINS holds 'no origin'"),
    ],
)
def test_a_wrong_variable_is_one_line(model: Path, variables: Mapping[str, str], line: str) -> None:
    given = {f"HATELENS_{name}": value for name, value in variables.items()}
    assert line in refused("--model", str(model), **given)


def test_a_secret_of_another_database_is_one_line(model: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'record.db'}"
    opened = databases.opened(url)
    sealing.sealer(opened, "a secret of the tests, long enough")
    opened.close()
    given = {"HATELENS_DATABASE": url, "HATELENS_SECRET": "another secret, also long enough ..."}
    line = refused("--model", str(model), **given)
    assert "HATELENS_SECRET is not the one" in line
    assert "another secret" not in line


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
