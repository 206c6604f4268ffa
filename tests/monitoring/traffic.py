"""Mild invented traffic to watch."""

from __future__ import annotations

import numpy as np

from hatelens.labels import Floats

FINE = ("lovely", "quiet", "slow", "funny", "long", "bright", "plain", "odd")
THINGS = ("film", "song", "walk", "lunch", "match", "book", "train", "garden")


def texts(count: int, seed: int, *, longer: int = 0) -> list[str]:
    """Write texts of random length; ``longer`` words are added to each."""
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        words = draw.integers(1, 12) + longer
        picked = zip(draw.integers(0, 8, words), draw.integers(0, 8, words), strict=True)
        found.append(" ".join(f"a {FINE[one]} {THINGS[two]}" for one, two in picked))
    return found


def scores(count: int, seed: int, *, hateful: float = 1.0) -> Floats:
    """Draw scores; the larger ``hateful``, the higher they are."""
    found: Floats = np.random.default_rng(seed).beta(hateful, 5, count)
    return found
