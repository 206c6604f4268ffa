"""From a model over tokens to the raw scores of all of its heads, in batches of like length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from hatelens.labels import Floats
from hatelens.models.heads import Outputs, TokenLogits
from hatelens.models.tokens import Batch, Tokenizer

MAIN = "logits"
SPANS = "spans"
Run = Callable[[Batch], Mapping[str, Floats]]
"""Computes arrays by name: ``logits`` and heads of shape (texts, outputs), ``spans`` of shape
(texts, tokens)."""


def outputs(tokenizer: Tokenizer, texts: Sequence[str], run: Run, size: int) -> Outputs:
    """Compute all heads of a model for cleaned texts.

    Args:
        tokenizer: of the model.
        texts: cleaned; what does not fit is cut off.
        run: computes a batch.
        size: texts per batch.
    """
    encoded = tokenizer.encode(texts)
    rows: list[dict[str, Floats]] = [{} for _ in texts]
    for chosen, batch in tokenizer.batches([one.ids for one in encoded], size):
        computed = run(batch)
        for place, text in enumerate(chosen.tolist()):
            rows[text] = {name: values[place] for name, values in computed.items()}
    names = [name for name in rows[0] if name not in {MAIN, SPANS}] if rows else []
    return Outputs(
        logits=np.stack([row[MAIN] for row in rows]),
        heads={name: np.stack([row[name] for row in rows]) for name in names},
        tokens=[
            TokenLogits(one.offsets, row[SPANS][: len(one.ids)])
            for one, row in zip(encoded, rows, strict=True)
            if SPANS in row
        ],
    )
