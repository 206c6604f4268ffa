"""Texts to token ids: the same tokenizer in training, in torch and in ONNX."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer as Backend

from hatelens.errors import ModelError
from hatelens.models.windows import Range, by_tokens

FILE = "tokenizer.json"
_PADS = ("[PAD]", "<pad>", "<|endoftext|>", "</s>")
_OVERLAP = 0.25
_RESERVE = 1 / 16
"""Share of a window left free: one that begins inside a word may need more tokens for its rest."""
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class Batch:
    """Token ids of several texts, padded to the longest.

    Attributes:
        input_ids: shape (texts, tokens).
        attention_mask: 1 for a token, 0 for padding, shape (texts, tokens).
    """

    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The tokens of one text.

    Attributes:
        ids: of the tokens, special ones included.
        offsets: half-open character range of each token; empty for special ones.
    """

    ids: tuple[int, ...]
    offsets: tuple[Range, ...]


class Tokenizer:
    """A tokenizer of a model folder.

    Special tokens written out in a text (``[SEP]``) are text, not commands.

    Args:
        path: its ``tokenizer.json``.
        max_length: tokens that the model reads at once, special ones included.

    Raises:
        ModelError: the file is missing or damaged.
    """

    def __init__(self, path: Path, max_length: int) -> None:
        if not path.is_file():
            raise ModelError(f"{path} is missing: a model folder needs its tokenizer.")
        try:
            self._cut = Backend.from_file(str(path))
        except Exception as error:  # noqa: BLE001 -- tokenizers raises nothing narrower
            raise ModelError(f"{path} is damaged ({error}).") from None
        self._cut.encode_special_tokens = True
        self._cut.no_padding()
        self._cut.enable_truncation(max_length)
        self._pad = next((i for pad in _PADS if (i := self._cut.token_to_id(pad)) is not None), 0)
        self._room = max_length - self._cut.num_special_tokens_to_add(is_pair=False)

    @cached_property
    def _whole(self) -> Backend:
        """The same without truncation, made for the first long text: reading one costs time."""
        whole = Backend.from_str(self._cut.to_str())
        whole.encode_special_tokens = True
        whole.no_truncation()
        return whole

    def windows(self, text: str) -> list[Range]:
        """Cut a text into overlapping character ranges that fit."""
        if len(text) <= self._room:  # a token is at least one character
            return [(0, len(text))]
        offsets = self._whole.encode(text, add_special_tokens=False).offsets
        if len(offsets) <= self._room:
            return [(0, len(text))]
        size = self._room - int(self._room * _RESERVE)
        return by_tokens(offsets, len(text), size, int(self._room * _OVERLAP))

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Return the tokens of texts, special ones included; what does not fit is cut off."""
        return [
            Encoded(tuple(one.ids), tuple(one.offsets))
            for one in self._cut.encode_batch(list(texts))
        ]

    def rows(
        self, texts: Sequence[str], score: Callable[[Batch], NDArray[Number]], size: int
    ) -> NDArray[Number]:
        """Score texts in batches of like length and return the rows in the order of the texts.

        Args:
            texts: cleaned texts; what does not fit is cut off.
            score: turns a batch into an array of shape (texts, ...).
            size: texts per batch.
        """
        encoded = [one.ids for one in self._cut.encode_batch(list(texts))]
        batches = list(self.batches(encoded, size))
        rows = np.concatenate([score(batch) for _, batch in batches])
        return rows[np.argsort(np.concatenate([chosen for chosen, _ in batches]))]

    def batches(
        self, ids: Sequence[Sequence[int]], size: int
    ) -> Iterator[tuple[NDArray[np.int64], Batch]]:
        """Pad texts to batches of like length.

        Args:
            ids: tokens of each text.
            size: texts per batch.

        Yields:
            Which texts a batch holds, shape (batch,), and the batch.
        """
        order = np.argsort([len(row) for row in ids], kind="stable")
        for begin in range(0, len(order), size):
            chosen = order[begin : begin + size]
            yield chosen, self.pad([ids[i] for i in chosen])

    def pad(self, ids: Sequence[Sequence[int]]) -> Batch:
        """Return token ids padded to the longest."""
        width = max(len(row) for row in ids)
        padded = np.full((len(ids), width), self._pad, dtype=np.int64)
        mask = np.zeros((len(ids), width), dtype=np.int64)
        for i, row in enumerate(ids):
            padded[i, : len(row)] = row
            mask[i, : len(row)] = 1
        return Batch(padded, mask)
