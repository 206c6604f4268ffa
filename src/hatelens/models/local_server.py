"""A llama.cpp server on this machine, started when it is needed and ended with its owner."""

from __future__ import annotations

import atexit
import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO

from hatelens.errors import MissingExtraError, ModelError
from hatelens.models.server_client import UnavailableError

_PATIENCE = 10.0


class LocalServer:
    """Starts llama.cpp for one GGUF file; starts it again should it have died.

    Args:
        weights: the file.
        context: tokens that one question with its answer may have.
        parallel: questions at once.

    Raises:
        ModelError: there is no such file.
        MissingExtraError: xllamacpp is not installed.
    """

    def __init__(self, weights: Path, context: int, parallel: int = 2) -> None:
        if not weights.is_file():
            raise ModelError(f"There is no GGUF file {weights}.")
        if importlib.util.find_spec("xllamacpp") is None:
            raise MissingExtraError(
                "A GGUF file is computed by xllamacpp, which is not installed. Install it with: "
                'pip install "hatelens[remote]", or serve the file with Ollama.'
            )
        self.weights = weights
        self.context = context
        self.parallel = parallel
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[bytes] | None = None
        self._url = ""
        self._starting = threading.Lock()
        atexit.register(self.stop)

    @property
    def running(self) -> bool:
        """Whether the server is up."""
        return self._process is not None and self._process.poll() is None

    def url(self) -> str:
        """Return the server's address, once the model is loaded.

        Raises:
            UnavailableError: it does not start; the message holds llama.cpp's last line.
        """
        with self._starting:
            if not self.running:
                self._start()
            return self._url

    def stop(self) -> None:
        """End the server."""
        with self._starting:
            if self._process is not None:
                assert self._process.stdin is not None
                self._process.stdin.close()
                try:
                    self._process.wait(_PATIENCE)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            self._process = None

    def _start(self) -> None:
        threads = os.environ.get("HATELENS_THREADS") or str(os.cpu_count() or 1)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 -- it lives as long as the server
        self._process = subprocess.Popen(  # noqa: S603 -- ourselves
            [
                *(sys.executable, "-m", "hatelens.models.llama_process"),
                *(str(self.weights), str(self.context), str(self.parallel), threads),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:  # llama.cpp may print, too
            if line.startswith("http"):
                self._url = line.strip()
                return
        self._process.wait()
        raise UnavailableError(
            f"llama.cpp does not serve {self.weights} ({self._last_line()}). Write it again, or "
            "free some memory."
        )

    def _last_line(self) -> str:
        assert self._log is not None
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return ascii(said[-1])[1:-1][-200:] if said else "without a reason"
