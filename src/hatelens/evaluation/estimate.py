"""A figure with its 95 % bootstrap interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hatelens.evaluation import weighted
from hatelens.labels import Floats


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % bootstrap percentile interval.

    Attributes:
        value: the figure on the data itself; None where it is undefined (never 0 for that).
        low: 2.5th percentile over the resamples; None where it is undefined in all of them.
        high: 97.5th percentile.
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.value is None:
            return "-"
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"

    @classmethod
    def of(cls, value: Floats, samples: Floats) -> Estimate:
        """Make an estimate from a value of shape (1,) and its resamples; nan is undefined."""
        exact = float(value[0])
        known = samples[~np.isnan(samples)]
        if np.isnan(exact) or not known.size:
            return cls(None if np.isnan(exact) else exact)
        low, high = np.percentile(known, [2.5, 97.5])
        return cls(exact, float(low), float(high))

    @classmethod
    def drawn(
        cls, figures: Callable[[Floats], Floats], texts: int, *, seed: int, resamples: int
    ) -> list[Estimate]:
        """Make estimates of figures of weighted texts.

        Args:
            figures: from weights of shape (weightings, texts) to shape (figures, weightings).
            texts: how many there are.
            seed: of the resamples.
            resamples: how many to draw.
        """
        exact = figures(np.ones((1, texts)))
        chunks = [figures(weights) for weights in weighted.draws(texts, resamples, seed)]
        samples = np.concatenate(chunks, axis=1)
        return [cls.of(*pair) for pair in zip(exact, samples, strict=True)]
