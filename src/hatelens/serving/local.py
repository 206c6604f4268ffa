"""Starts the server of a local language model together with hatelens: Ollama, else llama.cpp."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from hatelens.config import paths
from hatelens.errors import ModelError
from hatelens.models import folder as folders
from hatelens.models import llama_cpp, remote, remote_folder
from hatelens.models.manifest import FILE, Manifest
from hatelens.models.server_client import Limits, ServerClient, UnavailableError

OLLAMA = "ollama"
_PORT = 11434
_MODELFILE = "Modelfile"
_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_PATIENCE = 60.0
_PAUSE = 0.2


@contextmanager
def started(name: str) -> Iterator[str]:
    """Start what computes a local model; end on leaving what was started.

    Args:
        name: folder of an export to GGUF, or of a ``remote`` model on this machine's Ollama.

    Yields:
        The model folder to serve.

    Raises:
        ModelError: the folder is of another kind, or its server does not start.
    """
    place = folders.find(name)
    manifest = folders.read(place)
    if manifest.runtime == llama_cpp.RUNTIME:
        if shutil.which(OLLAMA) is None:
            yield str(place)  # its own runtime starts llama.cpp
            return
        with ollama(address()) as url:
            yield str(created(place, manifest, url))
        return
    if manifest.runtime != remote.RUNTIME:
        raise ModelError(
            f"{name} is a {manifest.kind} model ({manifest.runtime}), which needs no server: use "
            "--model. --local-model takes an export to GGUF, or a remote model on this machine."
        )
    with ollama(str(manifest.architecture["server"])):
        yield str(place)


def address() -> str:
    """Return where Ollama listens, which ``OLLAMA_HOST`` may say."""
    said = os.environ.get("OLLAMA_HOST", "").strip() or f"127.0.0.1:{_PORT}"
    url = said if "://" in said else f"http://{said}"
    parts = urlsplit(url)
    host = "127.0.0.1" if parts.hostname in {None, "0.0.0.0"} else parts.hostname  # noqa: S104
    return f"{parts.scheme}://{host}:{parts.port or _PORT}"


@contextmanager
def ollama(url: str) -> Iterator[str]:
    """Start Ollama unless it is up at an address, and end it on leaving if it was started here.

    Raises:
        ModelError: it is not installed, the address is not of this machine, or it does not start.
    """
    if _is_up(url):
        yield url
        return
    parts = urlsplit(url)
    found = shutil.which(OLLAMA)
    if found is None or parts.hostname not in _HOSTS:
        where = "is on another machine" if found else "is down and Ollama is not installed here"
        raise UnavailableError(f"The model server {url} {where}; start it there.")
    process = subprocess.Popen(  # noqa: S603 -- the installed Ollama
        [found, "serve"],
        env=os.environ | {"OLLAMA_HOST": f"{parts.hostname}:{parts.port or _PORT}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, url)
        yield url
    finally:
        process.terminate()
        process.wait()


def created(place: Path, manifest: Manifest, url: str) -> Path:
    """Give an exported model to Ollama and return the folder that asks it there.

    The prompt is the template of the Modelfile, so texts alone are sent.

    Raises:
        ModelError: Ollama does not take it.
    """
    name = f"hatelens-{manifest.model_version}"
    target = paths.cache() / "ollama" / name
    done = subprocess.run(  # noqa: S603 -- the installed Ollama
        [shutil.which(OLLAMA) or OLLAMA, "create", name, "-f", _MODELFILE],
        cwd=place,
        env=os.environ | {"OLLAMA_HOST": url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = ascii((done.stderr.strip().splitlines() or ["no reason"])[-1])[1:-1][:200]
        raise ModelError(f"Ollama does not take {place / _MODELFILE} ({reason}).")
    if not (target / FILE).is_file():
        wishes = remote_folder.Wishes(model=f"{name}:latest", like=str(place), templated=True)
        remote_folder.make(url, target, wishes)
    return target


def _is_up(url: str) -> bool:
    client = ServerClient(url, Limits(timeout=5.0, connect=2.0))
    try:
        client.get("v1/models")
    except ModelError as error:
        return not isinstance(error, UnavailableError)
    finally:
        client.close()
    return True


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + _PATIENCE
    while not _is_up(url):
        if process.poll() is not None or time.monotonic() > until:
            raise UnavailableError(
                f"Ollama does not start at {url}; run `ollama serve` by hand to see why."
            )
        time.sleep(_PAUSE)
