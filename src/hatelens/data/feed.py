"""What the further heads of a model learn from: which data sets, and what of each example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hatelens.config.encoder import HeadSettings
from hatelens.data.card import Card
from hatelens.data.example import Example
from hatelens.errors import DataError, unknown
from hatelens.labels import Floats

Heads = Mapping[str, HeadSettings]
LABEL = "label="
"""Before the name of a label where a head learns from labels as from attributes."""


def names(heads: Heads) -> tuple[str, ...]:
    """Return the data sets that feed any head, each once."""
    return tuple(dict.fromkeys(name for head in heads.values() for name in head.train))


def check(heads: Heads, card: Card) -> None:
    """Refuse a feed from a label that a card does not have.

    Raises:
        DataError: there is none; the message says which there are.
    """
    for source in _sources(heads, card.name):
        if source.startswith(LABEL) and source.removeprefix(LABEL) not in card.labels.names:
            known = [LABEL + name for name in card.labels.names]
            raise DataError(unknown(f"label of {card.name} to feed a head", source, known))


def remembered(example: Example, heads: Heads, card: Card) -> Example:
    """Keep the labels that heads learn from as attributes, before the label is mapped."""
    wanted = [source for source in _sources(heads, card.name) if source.startswith(LABEL)]
    if not wanted or example.label is None:
        return example
    votes = dict(zip(card.labels.names, example.votes, strict=True)) if example.votes else {}
    shares = {
        source: votes.get(name, float(example.label == name))
        for source in wanted
        for name in [source.removeprefix(LABEL)]
    }
    return replace(example, attributes={**example.attributes, **shares})


def truths(examples: Sequence[Example], head: HeadSettings, harmless: Sequence[str]) -> Floats:
    """Return what people said of each output of a head, 0-1, NaN where nobody was asked.

    Args:
        examples: from any data sets.
        head: of type ``attributes`` or ``targets``.
        harmless: labels under which a group is only mentioned, not attacked.

    Returns:
        Shape (examples, outputs).
    """
    found = np.full((len(examples), len(head.names)), np.nan)
    for row, example in enumerate(examples):
        if example.source in head.train:
            for their, our in head.train[example.source].items():
                share = _share(example, their, head, harmless)
                if share is not None:
                    column = head.names.index(our)
                    found[row, column] = np.fmax(found[row, column], share)
    return found


def _share(
    example: Example, their: str, head: HeadSettings, harmless: Sequence[str]
) -> float | None:
    if head.type == "attributes" or their.startswith(LABEL):
        return example.attributes.get(their)
    if example.label in harmless:
        return 0.0
    return float(their in example.targets) if example.targets else None


def _sources(heads: Heads, name: str) -> list[str]:
    return [source for head in heads.values() for source in head.train.get(name, {})]
