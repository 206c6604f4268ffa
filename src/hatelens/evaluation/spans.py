"""How well marked characters agree with those that people marked (SemEval-2021 task 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hatelens.evaluation import weighted
from hatelens.evaluation.estimate import Estimate
from hatelens.labels import Floats

Ranges = Sequence[tuple[int, int]]
"""Half-open ranges of characters."""


@dataclass(frozen=True)
class Agreement:
    """How far two markings of one text agree, each 0-1.

    Attributes:
        precision: share of the marked characters that people marked; 1 where none is marked.
        recall: share of the characters that people marked; 1 where they marked none.
        f1: harmonic mean of the two; 1 where both marked nothing, 0 where one of them did.
    """

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class SpanScores:
    """How well a model marks characters: means over texts.

    Attributes:
        rows: texts whose marks are known.
        marked: those in which people marked something.
        f1: mean over all texts, the figure of SemEval-2021 task 5 (Pavlopoulos et al. 2021,
            https://aclanthology.org/2021.semeval-1.6).
        precision: mean over all texts.
        recall: mean over all texts.
        f1_marked: mean over the texts in which people marked something.
        empty_right: share of the other texts in which the model marks nothing either.
    """

    rows: int
    marked: int
    f1: Estimate
    precision: Estimate
    recall: Estimate
    f1_marked: Estimate
    empty_right: Estimate


def characters(ranges: Ranges) -> set[int]:
    """Return the offsets of the characters in half-open ranges."""
    return {offset for begin, end in ranges for offset in range(begin, end)}


def agreement(said: Ranges, gold: Ranges) -> Agreement:
    """Compare the marks of one text with those of people, character by character."""
    ours, theirs = characters(said), characters(gold)
    common = len(ours & theirs)
    return Agreement(
        precision=common / len(ours) if ours else 1.0,
        recall=common / len(theirs) if theirs else 1.0,
        f1=2 * common / (len(ours) + len(theirs)) if ours or theirs else 1.0,
    )


def character_f1(said: Ranges, gold: Ranges) -> float:
    """Return the F1 of one text's characters; 1 where both are empty, 0 where one is."""
    return agreement(said, gold).f1


def measure_spans(
    said: Sequence[Ranges], gold: Sequence[Ranges], *, seed: int = 0, resamples: int = 500
) -> SpanScores:
    """Measure marks on texts whose marks are known.

    Args:
        said: of the model, one entry per text.
        gold: of people.
        seed: of the bootstrap.
        resamples: of the texts, behind the intervals.
    """
    pairs = [agreement(*pair) for pair in zip(said, gold, strict=True)]
    values = np.array([(one.f1, one.precision, one.recall) for one in pairs]).reshape(-1, 3)
    marked = np.array([bool(characters(one)) for one in gold], dtype=bool)

    def figures(weights: Floats) -> Floats:
        over = [weights, weights, weights, weights * marked, weights * ~marked]
        columns = [values[:, column] for column in (0, 1, 2, 0, 0)]
        sums = [weighted.ratio(w @ v, w.sum(axis=1)) for w, v in zip(over, columns, strict=True)]
        return np.stack(sums)

    names = ("f1", "precision", "recall", "f1_marked", "empty_right")
    estimates = Estimate.drawn(figures, len(gold), seed=seed, resamples=resamples)
    return SpanScores(len(gold), int(marked.sum()), **dict(zip(names, estimates, strict=True)))
