"""How far a window of unchanged traffic strays from the reference by chance.

The limits come from resampling, not from a rule of thumb such as "PSI above 0.2": how large a PSI
chance makes depends on the window, on the bins, and on how many texts the reference was made from.
"""

from __future__ import annotations

import numpy as np

from hatelens.labels import Floats
from hatelens.monitoring import bins
from hatelens.monitoring.bins import Ints

ALARMS = 0.005
"""Probability of a false alarm in a stretch of texts, over all signals together."""
STRETCH = 10_000
EVERY = 10
"""Texts between two looks at a window."""
_RUNS = 60
_LENGTH = 2500
_EULER = 0.5772156649015329


def histograms(places: Ints, count: int) -> Floats:
    """Return the shares of the bins in each column.

    Args:
        places: bins, shape (texts, columns).
        count: bins of a column.

    Returns:
        Shape (columns, count).
    """
    return np.array([bins.shares(column, count) for column in places.T])


def limit(places: Ints, count: int, window: int, seed: int, signals: int) -> float:
    """Return the PSI of a window, mean over the columns, that chance hardly ever reaches.

    A reference is itself a draw: so each run draws another one of its size, and a stretch of
    traffic, and takes the largest PSI of a sliding window. The largest of many has the
    distribution of Gumbel (Coles, An Introduction to Statistical Modeling of Extreme Values, 2001,
    chapter 3), whose two numbers are found from the runs by their moments.

    Args:
        places: bins that the reference is made from, shape (texts, columns).
        count: bins of a column.
        window: texts of a window.
        seed: of the draws.
        signals: that share the probability of a false alarm.
    """
    draw = np.random.default_rng([seed, count, places.shape[1]])
    largest = np.array([_run(places, count, window, draw) for _ in range(_RUNS)])
    scale = max(float(largest.std(ddof=1)) * np.sqrt(6) / np.pi, 1e-6)
    place = float(largest.mean()) - _EULER * scale
    rare = -np.log1p(-ALARMS / signals)
    return float(place + scale * (np.log(STRETCH / _LENGTH) - np.log(rare)))


def _run(places: Ints, count: int, window: int, draw: np.random.Generator) -> float:
    again = places[draw.integers(0, len(places), len(places))]
    stream = places[draw.integers(0, len(places), _LENGTH)]
    reference = histograms(again, count)
    total = np.zeros(_looks(window))
    for column, shares in zip(stream.T, reference, strict=True):
        total += bins.psi(bins.smoothed(_windows(column, count, window)), shares)
    return float(total.max() / len(reference))


def _looks(window: int) -> int:
    return (_LENGTH - window) // EVERY + 1


def _windows(column: Ints, count: int, window: int) -> Ints:
    """Return how many texts of each window lie in each bin, shape (windows, bins)."""
    there = np.zeros((len(column) + 1, count), np.int64)
    there[1:] = np.cumsum(column[:, None] == np.arange(count)[None, :], axis=0)
    ends = np.arange(window, len(column) + 1, EVERY)
    return there[ends] - there[ends - window]
