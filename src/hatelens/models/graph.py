"""Models exported to ONNX, run by onnxruntime without torch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from hatelens.labels import Floats
from hatelens.models.heads import Outputs
from hatelens.models.manifest import Manifest
from hatelens.models.token_heads import MAIN, outputs
from hatelens.models.tokens import FILE as TOKENIZER
from hatelens.models.tokens import Batch, Tokenizer
from hatelens.models.windows import Range

WEIGHTS = "model.onnx"
_BATCH = 32


class Graph:
    """An ONNX graph from token ids to the logits of all heads; a ``HeadScorer``.

    Args:
        folder: holds ``model.onnx`` and ``tokenizer.json``.
        max_length: tokens read at once, special ones included.
    """

    def __init__(self, folder: Path, max_length: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("HATELENS_THREADS", "0"))
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            folder / WEIGHTS, options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer(folder / TOKENIZER, max_length)

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return raw scores of cleaned texts, shape (texts, labels)."""
        return self._tokenizer.rows(texts, lambda batch: self._run(batch, [MAIN])[MAIN], _BATCH)

    def outputs(self, texts: Sequence[str]) -> Outputs:
        """Return the raw scores of all heads for cleaned texts."""
        names = [output.name for output in self._session.get_outputs()]
        return outputs(self._tokenizer, texts, lambda batch: self._run(batch, names), _BATCH)

    def windows(self, text: str) -> list[Range]:
        """Cut a text into overlapping ranges that fit."""
        return self._tokenizer.windows(text)

    def _run(self, batch: Batch, names: Sequence[str]) -> Mapping[str, Floats]:
        inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
        made = self._session.run(list(names), inputs)
        return {
            name: np.asarray(values, dtype=np.float64)
            for name, values in zip(names, made, strict=True)
        }


def load(folder: Path, manifest: Manifest) -> Graph:
    """Open an exported folder of any kind that reads tokens."""
    return Graph(folder, manifest.architecture["max_length"])
