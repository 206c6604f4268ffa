"""A real ``hatelens serve`` in a process of its own, with a small real model, on a free port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from hatelens.config.compose import compose
from hatelens.training import run as training

HATELENS = (sys.executable, "-c", "from hatelens.cli.main import run; run()", "serve")
FIRST_LINE = re.compile(r"hatelens: model (\w+); try it at (http\S+)\n")
PATIENCE = 60.0


@dataclass
class Running:
    """A running ``hatelens serve``.

    Attributes:
        process: of the server, or of the one that starts the workers.
        url: where it listens, without a slash at the end.
        version: of the model.
        log: the lines on stderr so far.
    """

    process: subprocess.Popen[str]
    url: str
    version: str
    log: list[str] = field(default_factory=list)
    reader: threading.Thread | None = None

    def stop(self, number: int = signal.SIGTERM, timeout: float = PATIENCE) -> int:
        """Send a signal, wait for the end, and return the exit status."""
        self.process.send_signal(number)
        status = self.process.wait(timeout)
        if self.reader is not None:
            self.reader.join(timeout)
        return status

    def client(self, **given: object) -> httpx.Client:
        """Return a client of the server."""
        return httpx.Client(base_url=self.url, timeout=30, **given)  # pyrefly: ignore


def made(folder: Path) -> Path:
    """Train the small linear model on the sample set that the project ships; a second or two."""
    with pytest.MonkeyPatch.context() as patch:
        # Without other data sets at hand there is nothing to compare the sample set with.
        patch.setenv("HATELENS_DATA", "")
        return training.run(compose(["recipe=demo_linear", f"out={folder}"]))


@contextmanager
def running(
    model: Path | str,
    folder: Path,
    *arguments: str,
    ready: bool = True,
    **settings: object,
) -> Iterator[Running]:
    """Start ``hatelens serve``, wait until it is ready, and end it on leaving.

    Args:
        model: the model folder, as of ``made`` or the fixture ``model_folder``.
        folder: where the process runs: its record is ``hatelens.db`` there, unless settings say
            otherwise.
        arguments: further ones of the command line.
        ready: whether to wait for ``GET /ready``.
        settings: by their field names, as ``max_queue=10``; they become HATELENS_* variables.
    """
    variables = {f"HATELENS_{name.upper()}": str(value) for name, value in settings.items()}
    process = subprocess.Popen(
        [*HATELENS, "--model", str(model), "--port", "0", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**clean(), **variables},
        preexec_fn=_hear_ctrl_c,  # noqa: PLW1509 -- nothing else runs in the new process yet
    )
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        found = FIRST_LINE.fullmatch(first)
        assert found, first + process.stderr.read()
        server = Running(process, found[2].rstrip("/"), found[1])
        server.reader = threading.Thread(
            target=lambda: server.log.extend(process.stderr or ()), daemon=True
        )
        server.reader.start()
        if ready:
            wait(server)
        yield server
    finally:
        end(process)


def clean() -> Mapping[str, str]:
    """Return the environment without settings of the server; the source tree can be imported."""
    return {k: v for k, v in os.environ.items() if not k.startswith("HATELENS_")}


def wait(server: Running, path: str = "/ready", timeout: float = PATIENCE) -> None:
    """Wait until the server says that it is ready."""
    until = time.monotonic() + timeout
    while time.monotonic() < until and server.process.poll() is None:
        try:
            if httpx.get(server.url + path, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"The server is not ready: {''.join(server.log)}")


def end(process: subprocess.Popen[str]) -> None:
    """End the process however it stands, and the workers with it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stderr is not None and not process.stderr.closed:
        process.stderr.close()


def _hear_ctrl_c() -> None:
    # What a shell runs in the background ignores Ctrl-C, and so would the server in these tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)
