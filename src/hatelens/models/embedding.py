"""Frozen sentence embeddings: pooled hidden states scaled to length 1, cached on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel
from transformers.utils import logging as transformers_logging

from hatelens.models import kept
from hatelens.models.base import TOKENIZER, BaseModel
from hatelens.models.tokens import Batch, Tokenizer
from hatelens.models.windows import Range
from hatelens.progress import track

Matrix = NDArray[np.float32]
_COMMIT = 512  # embeddings written to the cache at a time: what a kill can lose


class SentenceEncoder(torch.nn.Module):
    """The base model with its pooling, as one module that can be exported.

    Args:
        folder: of the base model.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        transformers_logging.disable_progress_bar()
        self.transformer = AutoModel.from_pretrained(
            folder, attn_implementation="eager", dtype=torch.float32
        )
        self.width: int = self.transformer.config.hidden_size
        self._first = _pooling(folder).get("pooling_mode_cls_token", False)
        self.eval()
        self.requires_grad_(requires_grad=False)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return unit vectors, shape (texts, width)."""
        output = self.transformer(input_ids=input_ids, attention_mask=attention_mask)
        states = output.last_hidden_state
        if self._first:
            pooled = states[:, 0]
        else:
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            pooled = (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0)
        return torch.nn.functional.normalize(pooled, dim=-1)


class Embedder:
    """Turns cleaned texts into sentence embeddings.

    Args:
        base: the base model.
        max_length: tokens read of each text, special ones included.
        batch_size: texts per batch.
    """

    def __init__(self, base: BaseModel, max_length: int, batch_size: int = 64) -> None:
        self.encoder = SentenceEncoder(base.folder)
        self.width = self.encoder.width
        self.key = f"{base.record.sha256}-{max_length}"
        self._tokenizer = Tokenizer(base.folder / TOKENIZER, max_length)
        self._batch_size = batch_size

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return embeddings, shape (texts, width), in the order of the texts."""
        if not texts:
            return np.zeros((0, self.width), np.float32)
        return self._tokenizer.rows(texts, self._vectors, self._batch_size)

    def windows(self, text: str) -> list[Range]:
        """Cut a text into overlapping ranges that fit."""
        return self._tokenizer.windows(text)

    def _vectors(self, batch: Batch) -> Matrix:
        with torch.inference_mode():
            ids, mask = torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask)
            return self.encoder(ids, mask).numpy()


class EmbeddingCache:
    """An embedder that remembers on disk, by the hash of base model and text.

    A second training on the same texts takes seconds.

    Args:
        path: of the SQLite file; made where it is missing.
        embedder: makes what is not there yet.
    """

    def __init__(self, path: Path, embedder: Embedder) -> None:
        self.encoder = embedder.encoder
        self.width = embedder.width
        self.windows = embedder.windows
        self._path = path
        self._embedder = embedder

    def embed(self, texts: Sequence[str], *, progress: bool = False) -> Matrix:
        """Return embeddings of cleaned texts, shape (texts, width), making only the missing ones.

        What is made is written every few hundred texts, so that a killed run goes on from there.
        """
        if not texts:
            return np.zeros((0, self.width), np.float32)
        keys = [kept.key(self._embedder.key, text) for text in texts]
        make = partial(self._make, progress=progress)
        found = kept.remembered(self._path, dict(zip(keys, texts, strict=True)), make)
        return np.stack([np.frombuffer(found[key], np.float32) for key in keys])

    def _make(
        self, missing: Mapping[bytes, str], *, progress: bool
    ) -> Iterator[dict[bytes, bytes]]:
        # Shortest first: batches of like length, and the bar's estimate errs on the safe side.
        items = sorted(missing.items(), key=lambda item: len(item[1]))
        parts = [items[begin : begin + _COMMIT] for begin in range(0, len(items), _COMMIT)]
        for part in track(parts, "Embedding", shown=progress and bool(parts)):
            vectors = self._embedder.embed([text for _, text in part])
            yield {key: vector.tobytes() for (key, _), vector in zip(part, vectors, strict=True)}


def _pooling(folder: Path) -> Mapping[str, bool]:
    path = folder / "1_Pooling" / "config.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
