"""How far the first stage of a cascade is trusted: its scale and its band, from a stated bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from hatelens.evaluation.weighted import Bools, auroc
from hatelens.labels import Floats
from hatelens.models.cascade import Band

STEPS = 200
"""Shares of cleared texts that are tried."""
ENOUGH = 20
"""Hateful texts, and others, from which on the AUROC of a data set is looked at."""
_RISE = 1e-6  # what a flat piece of the scale rises by, so that no two texts become a tie


@dataclass(frozen=True)
class Trial:
    """Validation texts as both stages see them; arrays of shape (texts,).

    Attributes:
        first: ``hateful`` of the first stage.
        strong: ``hateful`` of the strong detector.
        flagged: whether the strong detector flags the text.
        truth: whether the text is hateful.
        source: data set of each text.
    """

    first: Floats
    strong: Floats
    flagged: Bools
    truth: Bools
    source: Sequence[str]


@dataclass(frozen=True)
class Measured:
    """What clearing costs on the validation texts.

    Attributes:
        cleared: share of the texts that the first stage answers.
        auroc_loss: by data set, AUROC of the strong detector less that of the cascade.
        missed: share of what the strong detector flags that is cleared.
    """

    cleared: float
    auroc_loss: Mapping[str, float]
    missed: float

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Fitted:
    """A band and what it costs on the texts that it was fitted on."""

    band: Band
    measured: Measured


def fit(trial: Trial, *, auroc_loss: float, missed: float | None, clear: float) -> Fitted:
    """Find the band that clears the most texts within the bounds.

    Args:
        trial: validation texts.
        auroc_loss: bound on the loss of AUROC, in every data set with enough texts of both sides.
        missed: bound on the share of what the strong detector flags; None for none.
        clear: threshold below which a score is decided ``clear``: no higher score is an early
            answer.

    Returns:
        The last band before the first one that does not keep the bounds, going up in steps.
    """
    scale = fit_scale(trial.first, trial.strong)
    bar = 1.0 if missed is None else missed
    best = Fitted(Band(0.0, scale=scale), measure(trial, Band(0.0, scale=scale)))
    for edge in np.unique(np.quantile(trial.first, np.linspace(0, 1, STEPS + 1)[1:])):
        band = Band(float(edge), scale=scale)
        found = measure(trial, band)
        worst = max(found.auroc_loss.values(), default=0.0)
        if band.scaled(edge) >= clear or worst > auroc_loss or found.missed > bar:
            break  # a later edge that keeps the bounds again does so by chance
        best = Fitted(band, found)
    return best


def fit_scale(first: Floats, strong: Floats) -> tuple[tuple[float, float], ...]:
    """Fit what the strong detector says on average at a score of the first stage.

    Isotonic regression (Zadrozny and Elkan 2002): the middle of each of its steps is a point, and
    between two points the scale is a line.
    """
    steps = IsotonicRegression().fit_transform(first, strong)
    edges = np.unique(steps, return_inverse=True)[1]
    middles = np.bincount(edges, weights=first) / np.bincount(edges)
    heights = np.unique(steps)
    points = [(0.0, max(0.0, heights[0] - _RISE)), *zip(middles, heights, strict=True)]
    points.append((1.0, min(1.0, heights[-1] + _RISE)))
    return tuple((float(x), float(y)) for x, y in _rising(points))


def measure(trial: Trial, band: Band) -> Measured:
    """Say what a band clears and what it costs."""
    cleared = trial.first < band.clear_below
    mixed = trial.strong.copy()
    mixed[cleared] = band.scaled(trial.first[cleared])
    sources = np.array(trial.source)
    parts = {str(name): sources == name for name in np.unique(sources)}
    losses = {
        name: _auroc(trial.truth[part], trial.strong[part]) - _auroc(trial.truth[part], mixed[part])
        for name, part in parts.items()
        if min(trial.truth[part].sum(), (~trial.truth[part]).sum()) >= ENOUGH
    }
    flagged = int(trial.flagged.sum())
    missed = float((cleared & trial.flagged).sum() / flagged) if flagged else 0.0
    return Measured(float(cleared.mean()), losses, missed)


def _rising(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keep the points that lie to the right of all before them."""
    kept: list[tuple[float, float]] = []
    for point in points:
        if not kept or point[0] > kept[-1][0]:
            kept.append(point)
    return kept


def _auroc(truth: Bools, score: Floats) -> float:
    return float(auroc(np.ones((1, len(truth))), truth, score)[0])
