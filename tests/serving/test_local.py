"""The bootstrap: one command that starts the model's server and hatelens.

Ollama cannot be installed in a test; a program of its name stands in its place. It answers over
real HTTP and keeps what it is given.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import httpx
import pytest

from hatelens import detect
from hatelens.errors import ModelError
from hatelens.export import gguf
from hatelens.models import folder
from hatelens.models.server_client import UnavailableError
from hatelens.serving import local
from tests.conftest import environment
from tests.llama import byte_tokenizer, decoder_folder, needs

PROGRAM = """#!{python}
import json, os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
host, port = os.environ["OLLAMA_HOST"].removeprefix("http://").split(":")
kept = {kept!r}
if sys.argv[1] == "create":
    assert sys.argv[3:] == ["-f", "Modelfile"] and os.path.exists("Modelfile")
    if sys.argv[2] == os.environ.get("REFUSED"):
        sys.exit("Error: no space left")
    open(kept, "w").write(sys.argv[2])
    sys.exit(0)
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = open(kept).read() + ":latest" if os.path.exists(kept) else "none"
        tags = {{"models": [{{"name": name, "digest": "abc"}}]}}
        self.say(tags if self.path == "/api/tags" else {{"data": [{{"id": name}}]}})
    def do_POST(self):
        length = int(self.headers["Content-Length"])
        asked = json.loads(self.rfile.read(length))["messages"]
        found = [{{"token": "normal", "logprob": -0.1}}, {{"token": "hateful", "logprob": -2.5}}]
        assert asked[0]["role"] == "user" and "Is it" not in asked[0]["content"]
        self.say({{"choices": [{{"logprobs": {{"content": [{{"top_logprobs": found}}]}}}}]}})
    def say(self, values):
        raw = json.dumps(values).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
    def log_message(self, *args):
        pass
ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Keep llama.cpp's threads from waiting for each other where other work has the processor."""
    with environment("HATELENS_THREADS", 1):
        yield


@pytest.fixture
def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("local")
    source = decoder_folder(place / "source", byte_tokenizer())
    gguf.export(str(source), place / "out", "gguf", ["I like tea."])
    return place / "out"


@pytest.fixture
def ollama(tmp_path, monkeypatch, free) -> str:
    program = tmp_path / "bin" / "ollama"
    program.parent.mkdir()
    program.write_text(PROGRAM.format(python=sys.executable, kept=str(tmp_path / "kept")))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{free}")
    monkeypatch.setenv("HATELENS_CACHE", str(tmp_path / "cache"))
    return f"http://127.0.0.1:{free}"


def test_an_export_is_given_to_ollama_and_both_end_together(exported, ollama):
    with local.started(str(exported)) as name:
        pipeline = detect.load(name)
        assert pipeline.model.manifest.kind == "remote"  # pyrefly: ignore[missing-attribute]
        assert pipeline.predict(["I like tea."])[0].label == "normal"
        assert httpx.get(f"{ollama}/v1/models").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{ollama}/v1/models")
    with pytest.raises(UnavailableError, match="does not answer"):
        pipeline.predict(["I like coffee."])


def test_an_ollama_that_runs_already_is_left_running(exported, ollama):
    with local.ollama(ollama):
        with local.started(str(exported)):
            pass
        assert httpx.get(f"{ollama}/v1/models").status_code == 200


def test_a_remote_model_of_this_machine_gets_its_ollama_back(exported, ollama):
    with local.started(str(exported)) as name:
        pass
    with local.started(name) as again:
        assert again == name
        assert detect.load(again).predict(["I like tea."])[0].label == "normal"


def test_what_ollama_refuses_is_one_line(exported, ollama, monkeypatch):
    monkeypatch.setenv("REFUSED", f"hatelens-{folder.read(exported).model_version}")
    with (
        pytest.raises(ModelError, match=r"Ollama does not take .*no space left"),
        local.started(str(exported)),
    ):
        pass


def test_without_ollama_llama_cpp_computes_the_export(exported, monkeypatch):
    needs("xllamacpp")
    monkeypatch.setenv("PATH", "/nowhere")
    with local.started(str(exported)) as name:
        assert name == str(exported)
        pipeline = detect.load(name)
        assert pipeline.predict(["I like tea."])[0].label in {"normal", "hateful"}
        pipeline.model.scorer.close()  # pyrefly: ignore[missing-attribute]


def test_a_model_that_needs_no_server_is_said(trained_linear):
    with (
        pytest.raises(ModelError, match="which needs no server: use --model"),
        local.started(str(trained_linear)),
    ):
        pass


def test_a_server_of_another_machine_is_not_started(free):
    with (
        pytest.raises(UnavailableError, match="is down and Ollama is not installed here"),
        local.ollama(f"http://127.0.0.1:{free}"),
    ):
        pass


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0:9", "http://127.0.0.1:9"),
        ("https://models.example:443", "https://models.example:443"),
        ("localhost", "http://localhost:11434"),
    ],
)
def test_ollamas_address_is_where_its_variable_says(monkeypatch, said, url):
    monkeypatch.setenv("OLLAMA_HOST", said)
    assert local.address() == url
