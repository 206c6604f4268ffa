"""The ``decoder`` kind: a causal language model that is asked for the label of a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers.utils import logging as transformers_logging

from hatelens.labels import Floats
from hatelens.models import answer, causal, generation, label_words, prompt_tokens
from hatelens.models import prompt as prompts
from hatelens.models.base import BaseModel, recorded
from hatelens.models.manifest import Base, Manifest
from hatelens.models.prompt_tokens import PromptTokenizer
from hatelens.models.prompt_turns import Shot
from hatelens.models.windows import Range

ADAPTER = ("adapter_config.json", "adapter_model.safetensors")
CONFIG = "config.json"
_WEIGHTS = "model*.safetensors*"
_BATCH = 16
_CERTAIN = 20.0
"""Logit of a label that was written out, against 0 of the others: practically certain."""


class DecoderScorer:
    """A language model with its prompt; a ``Scorer``.

    Args:
        model: a causal model, or one with a linear head.
        tokens: its tokenizer with the prompt.
        settings: the architecture of the manifest: ``head``, ``decode``, ``answers`` and
            ``generation``.

    Attributes:
        read: how many texts it answered by generation.
        unparsable: how many of these answers were no label.
    """

    def __init__(self, model: Any, tokens: PromptTokenizer, settings: Mapping[str, Any]) -> None:
        self.model = model
        self.tokens = tokens
        self.settings = settings
        self.words: dict[str, str] = dict(settings["answers"])
        self.read = 0
        self.unparsable = 0

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return raw scores of cleaned texts, shape (texts, labels).

        They are mean log-probabilities of the labels' words; the logits of a linear head; or, by
        generation, the shares of the sampled answers, uniform where none was a label.
        """
        self.model.eval()
        if self.settings["head"] == "linear":
            return self._linear(texts)
        if self.settings["decode"] == "generate":
            return self._generated(texts)
        return label_words.score(
            self.model, self.tokens, texts, self._answers, self._size, prefix=self._prefix
        )

    def windows(self, text: str) -> list[Range]:
        """Cut a cleaned text into overlapping ranges that fit."""
        return self.tokens.windows(text)

    @property
    def _size(self) -> int:
        """Texts at once: a GPU is idle with few, a processor no faster with many."""
        return _BATCH * 4 if self.model.device.type == "cuda" else _BATCH

    @cached_property
    def _answers(self) -> list[label_words.Answer]:
        return label_words.answers(self.tokens, self.words)

    @cached_property
    def _prefix(self) -> Any:
        return label_words.read_prefix(self.model, self.tokens)

    def _linear(self, texts: Sequence[str]) -> Floats:
        rows = [self.tokens.encode(text) for text in texts]
        made = np.empty((len(rows), len(self.words)))
        for chosen in _alike(rows, self._size):
            ids, mask = generation.padded(self.model, [rows[i] for i in chosen], self.tokens.pad)
            with torch.inference_mode():
                out = self.model(input_ids=ids, attention_mask=mask)
            made[chosen] = out.logits.double().cpu().numpy()
        return made

    def _generated(self, texts: Sequence[str]) -> Floats:
        flags = generation.Flags.of(self.settings.get("generation") or {})
        rows = [self.tokens.encode(text) for text in texts]
        made = np.zeros((len(rows), len(self.words)))
        # drawn one by one: what is drawn for a text must not depend on its neighbours
        for chosen in _alike(rows, 1 if flags.temperature else self._size):
            said = generation.generate(self.model, self.tokens, [rows[i] for i in chosen], flags)
            for place, answers in zip(chosen, said, strict=True):
                made[place] = self._votes(answers)
        return made

    def _votes(self, answers: Sequence[str]) -> Floats:
        """Return the logits of what was answered; the same for all labels where none was."""
        words = list(self.words.values())
        found = [label for each in answers if (label := answer.parse(each, words)) is not None]
        self.read += 1
        self.unparsable += not found
        return _CERTAIN * np.bincount(found, minlength=len(words)) / max(1, len(found))


def prompted(
    folder: Path,
    settings: Mapping[str, Any],
    template: Path | None = None,
) -> PromptTokenizer:
    """Open a tokenizer with the prompt that an architecture names.

    Args:
        folder: of the base model, or the model folder.
        settings: the architecture: ``prompt``, ``chat``, ``max_length``, ``answers``, and
            ``shots`` where there are any.
        template: a file in place of the prompt's name.

    Raises:
        ModelError: prompt or tokenizer cannot be opened.
    """
    written = prompts.load(str(template or settings["prompt"]), chat=settings["chat"])
    shots = [Shot(shot["text"], shot["answer"]) for shot in settings.get("shots") or ()]
    return PromptTokenizer(
        folder,
        replace(written, name=settings["prompt"]),
        settings["max_length"],
        {"labels": prompts.listed(settings["answers"].values())},
        shots,
    )


def save(model: Any, tokens: PromptTokenizer, folder: Path) -> tuple[str, ...]:
    """Write a model in Transformers' form, or its adapter in PEFT's, with tokenizer and prompt.

    Returns:
        The files that decide a score.
    """
    adapter = hasattr(model, "peft_config")
    more = {"save_embedding_layers": False} if adapter else {}  # the base has them
    model.save_pretrained(folder, **more)
    (folder / "README.md").unlink(missing_ok=True)  # PEFT's: the model card says more
    for name in prompt_tokens.FILES:
        if (tokens.folder / name).is_file():
            (folder / name).write_bytes((tokens.folder / name).read_bytes())
    (folder / prompts.FILE).write_text(tokens.prompt.template, encoding="utf-8", newline="")
    weights = ADAPTER if adapter else (CONFIG, *(path.name for path in folder.glob(_WEIGHTS)))
    rest = [name for name in (*prompt_tokens.FILES, prompts.FILE) if (folder / name).is_file()]
    return (*weights, *rest)


def load(folder: Path, manifest: Manifest) -> DecoderScorer:
    """Open a folder of this kind.

    Raises:
        ModelError: its base model is not at hand, or is not the one that the adapter was made for.
    """
    transformers_logging.set_verbosity_error()
    settings = manifest.architecture
    tokens = prompted(folder, settings, folder / prompts.FILE)
    base = recorded(folder, manifest.base) if settings["adapter"] else _itself(folder, manifest)
    model: Any = (
        causal.open_classifier(base, manifest.labels, tokens.pad, settings["precision"])
        if settings["head"] == "linear"
        else causal.open_base(base, settings["precision"])
    )
    if settings["adapter"]:
        model = causal.with_adapter(model, folder)
    return DecoderScorer(model, tokens, settings)


def _itself(folder: Path, manifest: Manifest) -> BaseModel:
    """Return a folder with all weights as a base model of its own; its manifest has its hashes."""
    return BaseModel(folder, manifest.base or Base(manifest.name, "folder", None, ""))


def _alike(rows: Sequence[tuple[int, ...]], size: int) -> Iterator[NDArray[np.int64]]:
    """Give the places of rows in batches of like length."""
    order = np.argsort([len(row) for row in rows], kind="stable")
    for begin in range(0, len(order), size):
        yield order[begin : begin + size]
