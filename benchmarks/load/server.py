"""A server in processes of its own: started, asked where it listens, stopped, or killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

HATELENS = (sys.executable, "-c", "from hatelens.cli.main import run; run()")
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/")
START = 180.0
STOP = 60.0


class NotUpError(Exception):
    """The server did not come up."""


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        process: the first of its processes, which leads a process group.
        port: on 127.0.0.1.
        log: holds what it writes.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def processes(self) -> list[psutil.Process]:
        """Return its processes, its workers too."""
        return _family(self.process)

    def processor(self) -> float:
        """Return the seconds of processor time that its processes have taken."""
        total = 0.0
        for one in self.processes():
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                total += times.user + times.system
        return total

    def kill(self) -> None:
        """End all of its processes with SIGKILL, at once and wherever they are."""
        _kill(self.process)

    def stop(self) -> int:
        """Ask it to end (SIGTERM), as an orchestrator does, and return its exit status."""
        self.process.terminate()
        return self.process.wait(STOP)


@contextmanager
def running(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Start a server and wait until it answers; nothing of it is left at the end.

    Args:
        command: starts it on a free port; its log must name the address.
        log: the file that its output goes to.
        environment: variables besides those of this process.

    Raises:
        NotUpError: it ended, or did not answer within three minutes.
    """
    with started(command, log, environment) as process:
        yield Server(process, _up(process, log), log)


@contextmanager
def started(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server and do not wait for it; at the end it is killed as it stands."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | dict(environment or {}),
            start_new_session=True,  # a group of its own, so that all of it can be ended at once
        )
    try:
        yield process
    finally:
        _kill(process)


def _up(process: subprocess.Popen[bytes], log: Path) -> int:
    """Wait until the server answers and return its port."""
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        found = ADDRESS.search(log.read_text(encoding="utf-8", errors="replace"))
        if found and _answers(int(found[1])):
            return int(found[1])
        time.sleep(0.02)
    last = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise NotUpError(f"The server did not come up (exit status {process.poll()}):\n{last}")


def _answers(port: int) -> bool:
    """Say whether it takes requests; one without such a route says 404 as soon as it does."""
    try:
        ready = httpx.get(f"http://127.0.0.1:{port}/ready", timeout=10, trust_env=False)
    except httpx.HTTPError:
        return False
    return ready.status_code != 503


def _family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        first = psutil.Process(process.pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _kill(process: subprocess.Popen[bytes]) -> None:
    there = _family(process)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for one in there:  # who has left the group
        with suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait(STOP)
    psutil.wait_procs(there, timeout=STOP)
