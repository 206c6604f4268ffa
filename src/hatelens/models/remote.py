"""The kind ``remote``: a model behind an OpenAI-compatible server (Ollama, vLLM, llama.cpp)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hatelens.errors import ModelError, require
from hatelens.labels import Floats
from hatelens.models import answer_words, openai_api, prompt
from hatelens.models.answer_words import Score
from hatelens.models.manifest import Manifest
from hatelens.models.openai_api import Api, Asked, Token
from hatelens.models.plain_text import plain
from hatelens.models.prompt import Prompt
from hatelens.models.server_client import ServerClient
from hatelens.models.windows import Range, by_tokens

RUNTIME = "http"
WINDOW = 1500
"""Bytes that are read at once: at worst each is a token, which a context of 2048 still holds."""
_SURE = 30.0
"""Seconds for which a server that was asked what it holds is not asked again."""


class RemoteScorer:
    """Asks a model server about texts; a ``Scorer``.

    Args:
        api: the model.
        asks: how texts become questions.
        words: of each label, in order.
        settings: ``decode``, ``samples`` and ``digest`` of the manifest's architecture.

    Attributes:
        unlisted: answers that the server did not list among its most probable tokens, whose
            probability is an upper bound.
        unparsable: answers without a label, where ``decode`` is ``generate``.
    """

    def __init__(
        self,
        api: Api,
        asks: TextQuestions | TokenQuestions,
        words: Sequence[str],
        settings: Mapping[str, Any],
    ) -> None:
        self.api = api
        self.asks = asks
        self.words = tuple(words)
        self.samples = int(settings["samples"])
        self.unlisted = 0
        self.unparsable = 0
        self._row = self._walk if settings["decode"] == "probability" else self._vote
        self._digest = settings["digest"]
        self._known_until = 0.0
        self._counting = threading.Lock()

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return logarithms of what the model says of cleaned texts, shape (texts, labels).

        Raises:
            UnavailableError: the server does not answer.
            ModelError: it holds another model now, or answers out of shape.
        """
        if not texts:
            return np.zeros((0, len(self.words)))
        if time.monotonic() > self._known_until:
            self.healthy()
        return np.array(self.api.client.each(self._row, texts))

    def windows(self, text: str) -> list[Range]:
        """Cut a cleaned text into overlapping ranges that fit."""
        return self.asks.windows(text)

    def healthy(self) -> None:
        """Check that the server is up and holds the model that this folder was made with.

        Raises:
            UnavailableError: it does not answer.
            ModelError: it holds another model under the name, or none.
        """
        found = self.api.digest()
        if found != self._digest:
            self._known_until = 0.0
            raise ModelError(
                f"The server {self.api.client.url} holds another model under the name "
                f"{self.api.model!r} (digest {found[:12]}) than the one that this folder was made "
                f"with ({self._digest[:12]}). Make the folder again: hatelens models remote."
            )
        self._known_until = time.monotonic() + _SURE

    def _walk(self, text: str) -> list[float]:
        """Return the mean log-probability of the words of each label."""
        scores = self.asks.score(text, self.words, self.api.next_tokens)
        self._count("unlisted", sum(not score.listed for score in scores))
        return [score.mean for score in scores]

    def _vote(self, text: str) -> list[float]:
        """Return the logarithm of the share of answers that name each label.

        Half an answer is added to each: one answer alone is not sure. An answer without a label
        counts for none.
        """
        votes = [0.5] * len(self.words)
        asked = self.asks.question(text)
        for seed in range(self.samples):
            said = self.api.said(asked, self.words, float(self.samples > 1), seed)
            label = named(said, self.words)
            if label is None:
                self._count("unparsable", 1)
            else:
                votes[label] += 1.0
        return np.log(np.array(votes) / sum(votes)).tolist()

    def _count(self, name: str, more: int) -> None:
        with self._counting:
            setattr(self, name, getattr(self, name) + more)


class TextQuestions:
    """Questions written out: the server makes the tokens, so the text is made harmless first.

    Args:
        template: what stands around the text.
        fields: of the template.
        window: bytes of a text that are read at once.
    """

    def __init__(self, template: Prompt, fields: Mapping[str, str], window: int) -> None:
        self._prompt = template
        self._before, self._after = template.around(**fields)
        self._window = window

    def question(self, text: str, written: str = "") -> Asked:
        """Ask about a text, the answer begun with ``written``."""
        asked = self._before + self._prompt.quoted(plain(text)) + self._after
        if self._prompt.chat:
            return openai_api.chat(asked, written)
        return openai_api.completion(asked + written)

    def score(
        self, text: str, words: Sequence[str], ask: Callable[[Asked], Sequence[Token]]
    ) -> list[Score]:
        """Score the words of each label for a text."""
        known: dict[str, Sequence[Token]] = {}

        def following(written: str) -> Sequence[Token]:
            if written not in known:
                known[written] = ask(self.question(text, written))
            return known[written]

        return [answer_words.by_text(answer, following) for answer in words]

    def windows(self, text: str) -> list[Range]:
        """Cut a text into overlapping ranges of at most ``window`` bytes."""
        if len(text) * 4 <= self._window:
            return [(0, len(text))]
        sizes = [len(character.encode("utf-8", "replace")) for character in text]
        if sum(sizes) <= self._window:
            return [(0, len(text))]
        # Each byte stands for a token: a range never cuts through a character.
        ranges = [(at, at + 1) for at, size in enumerate(sizes) for _ in range(size)]
        return by_tokens(ranges, len(text), self._window, self._window // 4)


class TokenQuestions:
    """Questions as token ids, made here with the model's own tokenizer: exactly the folder's.

    Args:
        tokens: a ``PromptTokenizer``.
    """

    def __init__(self, tokens: Any) -> None:
        self._tokens = tokens

    def question(self, text: str, written: Sequence[int] = ()) -> Asked:
        """Ask about a text, the answer begun with the tokens ``written``."""
        return openai_api.completion((*self._tokens.encode(text), *written))

    def score(
        self, text: str, words: Sequence[str], ask: Callable[[Asked], Sequence[Token]]
    ) -> list[Score]:
        """Score the words of each label for a text."""
        known: dict[tuple[int, ...], Sequence[Token]] = {}

        def following(written: tuple[int, ...]) -> Sequence[Token]:
            if written not in known:
                known[written] = ask(self.question(text, written))
            return known[written]

        answers = [self._tokens.answer(answer) for answer in words]
        return [answer_words.by_ids(answer, following) for answer in answers]

    def windows(self, text: str) -> list[Range]:
        """Cut a text into overlapping ranges that fit."""
        return self._tokens.windows(text)


def load(folder: Path, manifest: Manifest) -> RemoteScorer:
    """Open a folder of this kind; the server is asked when the first text comes.

    Raises:
        ModelError: its prompt is damaged, or the variable with the key is not set.
        MissingExtraError: httpx is not installed, or what reads a tokenizer.
    """
    settings = manifest.architecture
    words = [settings["answers"][label] for label in manifest.labels.names]
    client = ServerClient(settings["server"], key=settings["key"])
    api = Api(client, settings["model"], settings["top"])
    return RemoteScorer(api, questions(folder, settings, words), words, settings)


def questions(
    folder: Path, settings: Mapping[str, Any], words: Sequence[str]
) -> TextQuestions | TokenQuestions:
    """Return how a folder's texts become questions."""
    template = prompt.load(str(folder / prompt.FILE), chat=settings["chat"])
    fields = {"labels": prompt.listed(words)}
    if not settings["tokens"]:
        return TextQuestions(template, fields, settings["window"])
    require("transformers", "train")
    return token_questions(folder, template, settings, words)


def token_questions(
    folder: Path, template: Prompt, settings: Mapping[str, Any], words: Sequence[str]
) -> TokenQuestions:
    """Return how texts become token ids with the tokenizer in a folder."""
    from hatelens.models.prompt_tokens import PromptTokenizer  # opens transformers
    from hatelens.models.prompt_turns import Shot

    shots = [Shot(shot["text"], shot["answer"]) for shot in settings.get("shots") or ()]
    fields = {"labels": prompt.listed(words)}
    return TokenQuestions(PromptTokenizer(folder, template, settings["max_length"], fields, shots))


def named(said: str, words: Sequence[str]) -> int | None:
    """Return which label an answer names: JSON with ``label``, or exactly the words of one.

    Returns:
        Its place; None where the answer names none.
    """
    try:
        values = json.loads(said)
    except (ValueError, RecursionError):
        values = {"label": said.strip().rstrip(".")}
    label = values.get("label") if isinstance(values, dict) else None
    same = [place for place, word in enumerate(words) if word.strip() == label]
    return same[0] if len(same) == 1 else None


def check_words(words: Sequence[str]) -> None:
    """Check that answers can be told apart token by token.

    Raises:
        ModelError: one is empty, or begins with another.
    """
    for place, word in enumerate(words):
        others = [*words[:place], *words[place + 1 :]]
        if not word.strip() or any(other.startswith(word) for other in others):
            raise ModelError(
                f"The answers {', '.join(map(repr, words))} cannot be told apart: {word!r} begins "
                "another or is empty. Give other words with --answer, once per label."
            )
