"""The runtime ``gguf`` of the kind ``decoder``: llama.cpp computes it, on this machine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from hatelens.errors import require
from hatelens.labels import Floats
from hatelens.models import prompt, remote
from hatelens.models.local_server import LocalServer
from hatelens.models.manifest import Manifest
from hatelens.models.openai_api import Api
from hatelens.models.remote import RemoteScorer, TokenQuestions
from hatelens.models.server_client import ServerClient
from hatelens.models.windows import Range

RUNTIME = "gguf"
TOP = 1000
"""Tokens that are asked for at each place: llama.cpp gives any number, and a label's words may be
far down before a model is tuned."""
_ANSWER = 32


class LlamaCppScorer:
    """A GGUF file behind a llama.cpp server of its own; a ``Scorer``.

    Args:
        server: starts llama.cpp when the first text comes.
        asks: how texts become questions.
        words: of each label, in order.
    """

    def __init__(self, server: LocalServer, asks: TokenQuestions, words: Sequence[str]) -> None:
        self.server = server
        self.asks = asks
        self.words = tuple(words)
        self._opened: tuple[str, RemoteScorer] | None = None
        self._opening = threading.Lock()

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return mean log-probabilities of the labels' words, shape (texts, labels).

        Raises:
            UnavailableError: llama.cpp does not start.
        """
        return self.remote().logits(texts)

    def windows(self, text: str) -> list[Range]:
        """Cut a cleaned text into overlapping ranges that fit."""
        return self.asks.windows(text)

    def healthy(self) -> None:
        """Check that llama.cpp is up, or can be started.

        Raises:
            UnavailableError: it does not start.
        """
        self.remote().healthy()

    def close(self) -> None:
        """End the server; the next text starts it again."""
        self.server.stop()

    def remote(self) -> RemoteScorer:
        """Return the scorer that asks the running server."""
        url = self.server.url()
        with self._opening:
            if self._opened is None or self._opened[0] != url:
                self._opened = url, self._asking(url)
            return self._opened[1]

    def _asking(self, url: str) -> RemoteScorer:
        api = Api(ServerClient(url), "", TOP)
        api.model = api.names()[0]
        settings = {"decode": "probability", "samples": 1, "digest": api.digest()}
        return RemoteScorer(api, self.asks, self.words, settings)


def load(folder: Path, manifest: Manifest) -> LlamaCppScorer:
    """Open a folder of this runtime; llama.cpp starts when the first text comes.

    Raises:
        ModelError: its prompt or tokenizer is damaged.
        MissingExtraError: xllamacpp, httpx or transformers is not installed.
    """
    for library, extra in (("httpx", "remote"), ("transformers", "train")):
        require(library, extra)
    settings = manifest.architecture
    words = [settings["answers"][label] for label in manifest.labels.names]
    template = prompt.load(str(folder / prompt.FILE), chat=settings["chat"])
    asks = remote.token_questions(folder, template, settings, words)
    server = LocalServer(folder / settings["file"], settings["max_length"] + _ANSWER)
    return LlamaCppScorer(server, asks, words)
