"""Training texts once more in disguised spelling, so that a model learns to see through it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from hatelens.data.example import Example
from hatelens.data.spelling import disguise

SUFFIX = "~disguised"
"""Behind the id of a text in disguised spelling."""


def disguised(examples: Sequence[Example], share: float, seed: int) -> tuple[Example, ...]:
    """Return copies of a seeded sample in disguised spelling, with all that people said of them.

    Args:
        examples: training texts.
        share: of the examples to copy, 0-1.
        seed: of the sample and of the spelling.
    """
    chance = random.Random(seed)  # noqa: S311 -- a seeded choice, no secret
    chosen = sorted(range(len(examples)), key=lambda _: chance.random())
    return tuple(_copy(examples[i], chance) for i in chosen[: round(share * len(examples))])


def origin(example: Example) -> str:
    """Return what a text and its copies share."""
    return f"{example.source}:{example.id.removesuffix(SUFFIX)}"


def _copy(example: Example, chance: random.Random) -> Example:
    made = disguise(example.text, chance, spans=example.spans or ())
    spans = None if example.spans is None else made.spans
    return replace(example, id=f"{example.id}{SUFFIX}", text=made.text, spans=spans)
