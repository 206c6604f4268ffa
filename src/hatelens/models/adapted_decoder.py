"""A language model with several adapters in memory: classes of texts, each by its own adapter."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers.utils import logging as transformers_logging

from hatelens.labels import Floats
from hatelens.models import adapters as parts
from hatelens.models import causal
from hatelens.models import prompt as prompts
from hatelens.models.base import recorded
from hatelens.models.decoder import DecoderScorer, prompted
from hatelens.models.manifest import Manifest
from hatelens.models.prompt_tokens import PromptTokenizer
from hatelens.models.windows import Range


class AdaptedDecoder:
    """An ``Adapted`` over a causal language model.

    What a prompt begins with is read once per adapter, so texts are grouped by theirs.

    Args:
        model: from ``adapters.attach``.
        tokens: its tokenizer with the prompt.
        settings: of the first adapter's manifest.
        names: the adapters.
    """

    def __init__(
        self,
        model: Any,
        tokens: PromptTokenizer,
        settings: Mapping[str, Any],
        names: Sequence[str],
    ) -> None:
        self.model = model
        self.tokens = tokens
        self.names = tuple(names)
        self._settings = settings
        # Each remembers what its adapter makes of the prompt; the model is the same.
        self._scorers = {name: self._scorer() for name in names}

    def logits(self, texts: Sequence[str], adapters: Sequence[str]) -> Floats:
        """Return raw scores of cleaned texts, each by its adapter, shape (texts, labels)."""
        made = np.empty((len(texts), len(self._settings["answers"])))
        for name in dict.fromkeys(adapters):
            rows = [row for row, each in enumerate(adapters) if each == name]
            self.model.set_adapter(name, inference_mode=True)
            made[rows] = self._scorers[name].logits([texts[row] for row in rows])
        return made

    def combined(self, texts: Sequence[str], weights: Floats) -> Floats:
        """Return raw scores under each text's weighted sum of updates, shape (texts, labels).

        Texts with the same weights are read together; others read the prompt anew, for it means
        something else under other weights.
        """
        made = np.empty((len(texts), len(self._settings["answers"])))
        different, group = np.unique(weights, axis=0, return_inverse=True)
        for number, shares in enumerate(different):
            rows = np.flatnonzero(group.reshape(-1) == number).tolist()
            with parts.weighted(self.model, self.names, torch.from_numpy(shares[None])):
                made[rows] = self._scorer().logits([texts[row] for row in rows])
        return made

    def windows(self, text: str) -> list[Range]:
        """Cut a cleaned text into overlapping ranges that fit."""
        return self.tokens.windows(text)

    def _scorer(self) -> DecoderScorer:
        return DecoderScorer(self.model, self.tokens, self._settings)


def load(folders: Mapping[str, Path], manifest: Manifest) -> AdaptedDecoder:
    """Open adapters on their language model.

    Args:
        folders: name to the adapter's model folder, whose manifests go together.
        manifest: of the first.

    Raises:
        ModelError: the base is not at hand, or an adapter does not fit it.
    """
    transformers_logging.set_verbosity_error()
    settings = manifest.architecture
    first = next(iter(folders.values()))
    tokens = prompted(first, settings, first / prompts.FILE)
    base, precision = recorded(first, manifest.base), settings["precision"]
    model = (
        causal.open_classifier(base, manifest.labels, tokens.pad, precision)
        if settings["head"] == "linear"
        else causal.open_base(base, precision)
    )
    if any(_adapts_head(folder) for folder in folders.values()):
        model = causal.untied(model)
    return AdaptedDecoder(parts.attach(model, folders), tokens, settings, tuple(folders))


def _adapts_head(folder: Path) -> bool:
    """Say whether an adapter changes the output layer, which may share weights with the input."""
    file = folder / parts.FILES[0]
    values = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return "lm_head" in (values.get("target_modules") or ())
