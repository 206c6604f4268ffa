"""An encoder with several adapters in memory: classes of texts, each by its own adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers.utils import logging as transformers_logging

from hatelens.labels import Floats
from hatelens.models import adapters as parts
from hatelens.models.base import TOKENIZER, recorded
from hatelens.models.encoder import classifier
from hatelens.models.manifest import Manifest
from hatelens.models.tokens import Tokenizer
from hatelens.models.windows import Range

_BATCH = 32
Run = Callable[[NDArray[np.int64], torch.Tensor, torch.Tensor], torch.Tensor]
"""Computes logits of a batch: which rows it holds, their token ids, their mask."""


class AdaptedEncoder:
    """An ``Adapted`` over a Transformers classifier.

    Args:
        model: from ``adapters.attach``.
        tokenizer: of the base.
        names: the adapters.
    """

    def __init__(self, model: Any, tokenizer: Tokenizer, names: Sequence[str]) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.names = tuple(names)

    def logits(self, texts: Sequence[str], adapters: Sequence[str]) -> Floats:
        """Return raw scores of cleaned texts, each by its adapter, shape (texts, labels)."""

        def run(rows: NDArray[np.int64], ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            chosen = [adapters[row] for row in rows]
            return self.model(input_ids=ids, attention_mask=mask, adapter_names=chosen).logits

        return self._rows(texts, run)

    def combined(self, texts: Sequence[str], weights: Floats) -> Floats:
        """Return raw scores under each text's weighted sum of updates, shape (texts, labels)."""

        def run(rows: NDArray[np.int64], ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            shares = torch.from_numpy(weights[rows])
            with parts.weighted(self.model, self.names, shares):
                return self.model(input_ids=ids, attention_mask=mask).logits

        return self._rows(texts, run)

    def windows(self, text: str) -> list[Range]:
        """Cut a cleaned text into overlapping ranges that fit."""
        return self.tokenizer.windows(text)

    def _rows(self, texts: Sequence[str], run: Run) -> Floats:
        """Compute texts in batches of like length and return them in order."""
        encoded = [one.ids for one in self.tokenizer.encode(texts)]
        made: list[Floats] = [np.zeros(0)] * len(texts)
        for rows, batch in self.tokenizer.batches(encoded, _BATCH):
            with torch.inference_mode():
                ids, mask = (
                    torch.from_numpy(batch.input_ids),
                    torch.from_numpy(batch.attention_mask),
                )
                found = run(rows, ids, mask).double().numpy()
            for row, values in zip(rows.tolist(), found, strict=True):
                made[row] = values
        return np.stack(made)


def load(folders: Mapping[str, Path], manifest: Manifest) -> AdaptedEncoder:
    """Open adapters on their encoder.

    Args:
        folders: name to the adapter's model folder, whose manifests go together.
        manifest: of the first.

    Raises:
        ModelError: the base is not at hand, or an adapter does not fit it.
    """
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    first = next(iter(folders.values()))
    base = recorded(first, manifest.base)
    model = parts.attach(classifier(base, manifest.labels), folders)
    tokenizer = Tokenizer(base.folder / TOKENIZER, manifest.architecture["max_length"])
    return AdaptedEncoder(model, tokenizer, tuple(folders))
