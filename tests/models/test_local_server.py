from __future__ import annotations

import os
import signal

import httpx
import pytest
from transformers import AutoTokenizer

from hatelens.errors import ModelError
from hatelens.export import gguf
from hatelens.models import causal
from hatelens.models.base import resolve
from hatelens.models.local_server import LocalServer
from hatelens.models.server_client import UnavailableError
from tests.conftest import environment
from tests.llama import byte_tokenizer, needs, tiny_llama


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Keep llama.cpp's threads from waiting for each other where other work has the processor."""
    with environment("HATELENS_THREADS", 1):
        yield


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Hold a tiny GGUF file."""
    needs("xllamacpp")
    place = tmp_path_factory.mktemp("gguf")
    tiny_llama(place / "tiny", byte_tokenizer())
    model = causal.open_base(resolve(str(place / "tiny")))
    tokenizer = AutoTokenizer.from_pretrained(place / "tiny")
    gguf.write(place / "tiny.gguf", model, tokenizer, "tiny", "q8_0")
    return place / "tiny.gguf"


def test_a_server_starts_once_and_ends_when_it_is_told_to(weights):
    server = LocalServer(weights, 128)
    assert not server.running
    url = server.url()
    assert server.url() == url
    assert httpx.get(f"{url}/health", timeout=60).json() == {"status": "ok"}
    server.stop()
    assert not server.running
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")
    server.stop()


def test_a_server_that_died_is_started_again(weights):
    server = LocalServer(weights, 128)
    server.url()
    process = server._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert httpx.get(f"{server.url()}/health", timeout=60).status_code == 200
    server.stop()


def test_a_damaged_file_is_one_line(tmp_path):
    needs("xllamacpp")
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + b"\x00" * 100)
    with pytest.raises(UnavailableError, match=r"llama.cpp does not serve .*broken.gguf") as told:
        LocalServer(tmp_path / "broken.gguf", 128).url()
    assert "\n" not in str(told.value)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(ModelError, match="There is no GGUF file"):
        LocalServer(tmp_path / "none.gguf", 128)
