"""Writes a model that reads tokens as one ONNX graph: embedding and layer together."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from hatelens.models.token_heads import MAIN, SPANS

_OPSET = 17


class Flat(torch.nn.Module):
    """A module that returns its outputs as a tuple, which is what a tracer can name.

    Args:
        model: returns a tensor, or tensors by name.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """Return the outputs in the order of their names."""
        made = self.model(input_ids, attention_mask)
        return tuple(made.values()) if isinstance(made, dict) else (made,)


def write(model: torch.nn.Module, path: Path) -> None:
    """Trace a torch module from ``input_ids`` and ``attention_mask`` to all of its outputs.

    Both inputs are int64 of shape (texts, tokens). The output ``logits`` is float32 of shape
    (texts, labels); further heads bear their names, ``spans`` is of shape (texts, tokens).
    """
    ids = torch.ones((2, 8), dtype=torch.int64)
    mask = torch.ones((2, 8), dtype=torch.int64)
    mask[1, 5:] = 0  # a padded row, or the mask would be traced away
    dynamic = {0: "texts", 1: "tokens"}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the tracer warns of every constant it folds
        made = model(ids, mask)
        names = list(made) if isinstance(made, dict) else [MAIN]
        torch.onnx.export(
            Flat(model).eval(),
            (ids, mask),
            str(path),
            dynamo=False,
            opset_version=_OPSET,
            input_names=["input_ids", "attention_mask"],
            output_names=names,
            dynamic_axes={"input_ids": dynamic, "attention_mask": dynamic}
            | {name: dynamic if name == SPANS else {0: "texts"} for name in names},
        )
