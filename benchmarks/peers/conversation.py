"""Talks to a peer that runs in a process and an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import IO, Any, Self

from benchmarks.peers.environment import Environment, PeerError
from benchmarks.peers.peer import Peer

WORKER = Path(__file__).with_name("worker.py")
LONGEST = 1800.0
"""Seconds that a peer may think about one request."""


class Conversation:
    """A running peer; a context manager that ends it.

    Args:
        peer: whom to talk to.
        environment: where it runs.
    """

    def __init__(self, peer: Peer, environment: Environment) -> None:
        self.peer = peer
        self._errors = tempfile.TemporaryFile(mode="w+", errors="replace")  # noqa: SIM115 -- see exit
        self._process = subprocess.Popen(
            [environment.python, "-P", WORKER, peer.adapter, *peer.arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
            env={**os.environ, **environment.variables},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def answers(self, texts: Sequence[str]) -> list[Mapping[str, Any]]:
        """Return one ``{"score", "hateful", "spans"}`` per text.

        Raises:
            PeerError: it ended, or did not answer every text once.
        """
        found = self.ask("answer", texts=list(texts))["answers"]
        if len(found) != len(texts):
            raise PeerError(f"It answered {len(found)} of {len(texts)} texts.")
        return found

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """Send one request and wait for its reply.

        Raises:
            PeerError: it ended or takes too long; the message holds its last line.
        """
        timer = Timer(LONGEST, self._process.kill)
        timer.start()
        try:
            requests, replies = self._pipes()
            requests.write(json.dumps({"do": do, **request}) + "\n")
            requests.flush()
            reply = replies.readline()
        except BrokenPipeError:
            reply = ""
        finally:
            timer.cancel()
        if not reply:
            raise PeerError(f"It gave no answer: {self._last_line()}")
        return json.loads(reply)

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        requests, replies = self._process.stdin, self._process.stdout
        assert requests is not None
        assert replies is not None
        return requests, replies

    def _last_line(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors if line.strip()]
        return lines[-1][:300] if lines else f"it ended with {self._process.returncode}."
