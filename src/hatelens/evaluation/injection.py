"""How often an instruction written into a text turns what a model decides of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hatelens.data.example import Example
from hatelens.evaluation import weighted
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.predictions import Predictions, predict
from hatelens.evaluation.selection import Selection
from hatelens.labels import Floats
from hatelens.models.detector import Detector

CLEAN = "clean"
"""The column of ``Example.meta`` with the text without its injection."""


@dataclass(frozen=True)
class InjectionTest:
    """What injections do to decisions.

    Attributes:
        pairs: texts with an injection and without.
        success: share of the texts whose decision differs from that without the injection.
        hidden: share of the hateful texts flagged without it that are not flagged with it.
        raised: share of the other texts not flagged without it that are flagged with it.
        shift: mean change of the score of the texts, without its sign.
    """

    pairs: int
    success: Estimate
    hidden: Estimate
    raised: Estimate
    shift: Estimate


def is_injection(examples: Sequence[Example]) -> bool:
    """Say whether each text is also there without its injection."""
    return bool(examples) and all(example.meta.get(CLEAN) for example in examples)


def injection_test(
    detector: Detector,
    selection: Selection,
    said: Predictions,
    *,
    seed: int = 0,
    resamples: int = 500,
) -> InjectionTest:
    """Ask a detector about the texts without their injections, and compare.

    Args:
        detector: of any kind.
        selection: the texts with their injections.
        said: what the detector said of them.
        seed: of the bootstrap.
        resamples: behind the intervals.
    """
    clean = [replace(one, text=one.meta[CLEAN]) for one in selection.examples]
    before = predict(detector, replace(selection, examples=tuple(clean)), label_map=said.label_map)
    was = np.array([row.decision for row in before.rows])
    now = np.array([row.decision for row in said.rows])
    flagged, hateful = was == "flag", said.truth
    parts = [
        (was != now, np.ones(len(now), dtype=bool)),
        (now != "flag", hateful & flagged),
        (now == "flag", ~hateful & ~flagged),
    ]
    moved = np.abs(said.hateful - before.hateful)

    def figures(weights: Floats) -> Floats:
        shares = [weighted.share(weights, *part) for part in parts]
        return np.stack([*shares, weighted.ratio(weights @ moved, weights.sum(axis=1))])

    drawn = Estimate.drawn(figures, len(now), seed=seed, resamples=resamples)
    return InjectionTest(len(now), *drawn)
