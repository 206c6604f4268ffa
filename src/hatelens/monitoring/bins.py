"""Cutting what is measured of texts into a few bins, and how far two histograms are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hatelens.labels import Floats

Ints = NDArray[np.int64]
COUNT = 10
"""Bins of a number: its deciles when the model was made."""
DIGITS = 6


@dataclass(frozen=True)
class Bins:
    """Bins of a number.

    Attributes:
        edges: between the bins, rising; a value that is an edge lies above it.
    """

    edges: tuple[float, ...]

    @classmethod
    def of(cls, values: Floats) -> Bins:
        """Cut at the deciles; equal ones become one edge."""
        shares = np.linspace(0, 1, COUNT + 1)[1:-1]
        found = {float(f"{edge:.{DIGITS}g}") for edge in np.quantile(values, shares).tolist()}
        return cls(tuple(sorted(found)))

    @property
    def count(self) -> int:
        """Number of bins."""
        return len(self.edges) + 1

    @property
    def names(self) -> list[str]:
        """What to call the bins, in order."""
        if not self.edges:
            return ["all"]
        said = [f"{edge:.3g}" for edge in self.edges]
        between = [f"{low} to {high}" for low, high in pairwise(said)]
        return [f"below {said[0]}", *between, f"from {said[-1]}"]

    def place(self, values: Floats) -> Ints:
        """Return the bin of each value."""
        return np.searchsorted(self.edges, values, side="right")


def shares(places: Ints, count: int) -> Floats:
    """Return the share of each bin, half a text added to each so that none is 0 (Jeffreys)."""
    return smoothed(np.bincount(places, minlength=count))


def smoothed(counts: Ints | Floats) -> Floats:
    """Return counts as shares along the last axis, half a text added to each."""
    found = np.asarray(counts, float) + 0.5
    return found / found.sum(axis=-1, keepdims=True)


def psi(recent: Floats, reference: Floats) -> Floats:
    """Return the population stability index of shares along the last axis; 0 for none.

    The sum of (p - q) ln(p / q), the divergence of Jeffreys (Siddiqi, Credit Risk Scorecards,
    2006).
    """
    found: Floats = ((recent - reference) * np.log(recent / reference)).sum(axis=-1)
    return found


def names(places: Sequence[str], count: int) -> tuple[str, ...]:
    """Return the most frequent of some names, at most so many, most frequent first."""
    known, times = np.unique(np.asarray(places, dtype=str), return_counts=True)
    order = np.lexsort((known, -times))[:count]
    return tuple(str(known[one]) for one in order)
