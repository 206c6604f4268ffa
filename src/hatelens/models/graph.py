"""Models exported to ONNX, run by onnxruntime without torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime

from hatelens.labels import Floats
from hatelens.models import cores
from hatelens.models.heads import Outputs
from hatelens.models.manifest import Manifest
from hatelens.models.token_heads import MAIN, SPANS, outputs
from hatelens.models.tokens import FILE as TOKENIZER
from hatelens.models.tokens import Batch, Tokenizer
from hatelens.models.windows import Range

WEIGHTS = "model.onnx"
_BATCH = 8
"""Texts of a batch: on processors larger ones gain less than their padding costs."""
_AT_ONCE = 256
"""Texts that are shared out among threads."""
_DYNAMIC = b"DynamicQuantizeLinear"


class Graph:
    """An ONNX graph from token ids to the logits of all heads; a ``HeadScorer``.

    A graph that is quantised dynamically takes its scale from all numbers that it is given at once,
    so the neighbours of a text in a batch, and its padding, would change its scores. There each
    text is read by itself, as many at a time as there are threads.

    Args:
        folder: holds ``model.onnx`` and ``tokenizer.json``.
        max_length: tokens read at once, special ones included.
    """

    def __init__(self, folder: Path, max_length: int) -> None:
        threads = cores.threads()
        alone = _DYNAMIC in (folder / WEIGHTS).read_bytes()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1 if alone else threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            folder / WEIGHTS, options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer(folder / TOKENIZER, max_length)
        self._threads = ThreadPoolExecutor(threads) if alone else None
        self._size = _AT_ONCE if alone else _BATCH

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return raw scores of cleaned texts, shape (texts, labels)."""
        return self._tokenizer.rows(texts, lambda batch: self._run(batch, [MAIN])[MAIN], self._size)

    def outputs(self, texts: Sequence[str]) -> Outputs:
        """Return the raw scores of all heads for cleaned texts."""
        names = [output.name for output in self._session.get_outputs()]
        return outputs(self._tokenizer, texts, lambda batch: self._run(batch, names), self._size)

    def windows(self, text: str) -> list[Range]:
        """Cut a text into overlapping ranges that fit."""
        return self._tokenizer.windows(text)

    def _run(self, batch: Batch, names: Sequence[str]) -> Mapping[str, Floats]:
        if self._threads is None:
            return self._computed(batch, names)
        width = batch.input_ids.shape[1]
        # They come in the order of their length; the longest first leaves no thread idle for long.
        longest_first = list(_rows(batch))[::-1]
        computed = partial(self._computed, names=names)
        rows = list(self._threads.map(computed, longest_first))[::-1]
        return {
            name: np.concatenate(
                [_wide(row[name], width) if name == SPANS else row[name] for row in rows]
            )
            for name in names
        }

    def _computed(self, batch: Batch, names: Sequence[str]) -> Mapping[str, Floats]:
        inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
        made = self._session.run(list(names), inputs)
        return {
            name: np.asarray(values, dtype=np.float64)
            for name, values in zip(names, made, strict=True)
        }


def _rows(batch: Batch) -> Iterator[Batch]:
    """Give the texts of a batch one by one, without their padding."""
    for row, length in enumerate(batch.attention_mask.sum(axis=1).tolist()):
        one = slice(row, row + 1)
        yield Batch(batch.input_ids[one, :length], batch.attention_mask[one, :length])


def _wide(row: Floats, width: int) -> Floats:
    """Return the scores of a text's tokens with zeros for the padding of its batch."""
    wide = np.zeros((len(row), width))
    wide[:, : row.shape[1]] = row
    return wide


def load(folder: Path, manifest: Manifest) -> Graph:
    """Open an exported folder of any kind that reads tokens."""
    return Graph(folder, manifest.architecture["max_length"])
