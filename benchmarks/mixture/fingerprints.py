"""Whether a gate knows platforms or data sets: asked about a data set that it has never seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from benchmarks.mixture.cases import GATES, Bench, Case
from benchmarks.mixture.material import Test

from hatelens.models.base import resolve
from hatelens.models.gate import Gate
from hatelens.training import platforms
from hatelens.training.mixture import Gating
from hatelens.training.trained import Lesson


@dataclass(frozen=True)
class Fingerprint:
    """How often a gate names the platform of a data set's test texts.

    Attributes:
        source: the data set, with its platform.
        rows: texts.
        known: where the gate learned from the data set, too.
        unknown: where it learned from the platform's other data sets alone.
    """

    source: str
    rows: int
    known: float
    unknown: float


def fingerprints(bench: Bench, case: Case, test: Test) -> list[Fingerprint]:
    """Ask the platform's gate about each data set that has siblings on its platform.

    Args:
        bench: what is shared.
        case: with a gate that knows all.
        test: test texts.
    """
    found = []
    pairs = sorted(set(zip(test.sources.tolist(), test.platforms.tolist(), strict=True)))
    for source, platform in pairs:
        siblings = [s for s, p in pairs if p == platform and s != source]
        own = test.of((test.sources == source) & (test.platforms == platform))
        if not siblings or not own.texts:
            continue
        stranger = _without(bench, case, source, platform)
        known, unknown = (
            _share(gate, own, platform) for gate in (case.gates["platform"], stranger)
        )
        found.append(Fingerprint(f"{source}, {platform}", len(own.texts), known, unknown))
    return found


def _share(gate: Gate, test: Test, platform: str) -> float:
    named = gate.weights(test.texts).argmax(axis=1)
    return float((named == gate.names.index(platform)).mean())


def _without(bench: Bench, case: Case, source: str, platform: str) -> Gate:
    """Train the gate on all but a data set's texts of a platform."""
    material, base = bench.material, bench.model.gate
    gating = Gating(case.model, GATES["platform"], case.opinions, resolve(base.base, base.revision))
    train, held_out = (
        _rest(each, bench, source, platform)
        for each in (platforms.lesson(material.train, bench.kept), material.held_out)
    )
    return gating.learn(train, held_out, bench.seed)[0]


def _rest(lesson: Lesson, bench: Bench, source: str, platform: str) -> Lesson:
    where = platforms.of(lesson.examples, bench.model.platforms)
    return platforms.lesson(
        lesson,
        np.array(
            [
                (one.source, place) != (source, platform)
                for one, place in zip(lesson.examples, where, strict=True)
            ]
        ),
    )
