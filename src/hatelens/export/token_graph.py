"""Writes a model that reads tokens as one ONNX graph: embedding and layer together."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch

_OPSET = 17


def write(model: Any, path: Path) -> None:
    """Trace a torch module from ``input_ids`` and ``attention_mask`` to ``logits``.

    Both inputs are int64 of shape (texts, tokens); the output is float32 of shape (texts, labels).
    """
    ids = torch.ones((2, 8), dtype=torch.int64)
    mask = torch.ones((2, 8), dtype=torch.int64)
    mask[1, 5:] = 0  # a padded row, or the mask would be traced away
    dynamic = {0: "texts", 1: "tokens"}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the tracer warns of every constant it folds
        torch.onnx.export(
            model,
            (ids, mask),
            str(path),
            dynamo=False,
            opset_version=_OPSET,
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={"input_ids": dynamic, "attention_mask": dynamic, "logits": {0: "texts"}},
        )
