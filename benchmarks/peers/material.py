"""The test texts that every peer is asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hatelens.data import catalog
from hatelens.errors import DataError
from hatelens.evaluation.selection import Selection, select

HATECHECK = "hatecheck"
SPANS = "toxic_spans"
DATA = {
    HATECHECK: "HateCheck",
    "davidson2017": "Davidson",
    "hatexplain": "HateXplain",
    "stormfront": "Stormfront",
    "ghc": "Gab",
    SPANS: "toxic spans",
}
"""Card to the name in the tables."""

SPEED_TEXTS = 512
"""Texts whose time is taken, an equal number from every set."""

ALONE = 100
"""Of these, how many are also asked about one by one."""


@dataclass(frozen=True)
class Texts:
    """What is asked.

    Attributes:
        selections: the test split of every data set at hand, by card.
        absent: why each of the others is missing.
        timed: texts whose time is taken, in a random order.
    """

    selections: Mapping[str, Selection]
    absent: Mapping[str, str]
    timed: tuple[str, ...]


def load(names: Sequence[str], limit: int | None = None, seed: int = 0) -> Texts:
    """Load the test splits.

    Args:
        names: of the cards.
        limit: texts at most of every set, a seeded sample; None for all.
        seed: of the samples.

    Raises:
        DataError: none of them is at hand, or one is damaged.
    """
    found: dict[str, Selection] = {}
    absent: dict[str, str] = {}
    for name in names:
        card = catalog.card(name)
        if not catalog.locate(card):
            absent[name] = f"{name} is not on this machine. {catalog.cure(card)}"
            continue
        data = catalog.load(name, split="test")
        found[name] = select(data, "test", limit=limit, seed=seed)
    if not found:
        raise DataError(" ".join(absent.values()))
    return Texts(found, absent, _timed(found, limit, seed))


def _timed(selections: Mapping[str, Selection], limit: int | None, seed: int) -> tuple[str, ...]:
    """Draw the same number of texts from every set, and shuffle them."""
    generator = np.random.default_rng(seed)
    wanted = min(SPEED_TEXTS, limit or SPEED_TEXTS)
    share = -(-wanted // len(selections))
    texts = [
        chosen.examples[row].text
        for chosen in selections.values()
        for row in generator.permutation(len(chosen.examples))[:share]
    ]
    return tuple(texts[row] for row in generator.permutation(len(texts))[:wanted])
