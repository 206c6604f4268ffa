"""Metrics over weighted texts, for many weightings at once: the sums behind every bootstrap.

A weighting says how often each text was drawn; all ones is the data itself. So a value and its
resamples come from the same code. Arrays: ``weights`` (resamples, texts), results (resamples,).
An undefined result is nan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hatelens.labels import Floats

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

CELLS = 2_000_000
"""Weights held in memory at once; larger data is worked in more, smaller chunks."""

BINS = 15
"""Equal-width bins of the expected calibration error, as in Guo et al. 2017."""


def draws(texts: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Draw texts with replacement, and say how often each was drawn.

    Args:
        texts: how many texts there are.
        resamples: how many weightings to draw in all.
        seed: same seed and number of texts, same weightings.

    Yields:
        Chunks of weightings, shape (some, texts).
    """
    generator = np.random.default_rng(seed)
    size = max(1, CELLS // max(texts, 1))
    for start in range(0, resamples, size):
        count = min(size, resamples - start)
        picks = generator.integers(texts, size=(count, texts))
        picks += np.arange(count)[:, None] * texts
        counts = np.bincount(picks.ravel(), minlength=count * texts)
        yield counts.reshape(count, texts).astype(np.float64)


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide, with nan (not 0) where there is nothing to divide by."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole != 0)


def mean(values: Floats) -> Floats:
    """Average over the last axis, leaving out nan; nan where all are."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))


def share(weights: Floats, part: Bools, whole: Bools) -> Floats:
    """Return the weighted share of ``whole`` that is also in ``part``; both shape (texts,)."""
    return ratio(weights @ (part & whole), weights @ whole.astype(np.float64))


def confusion(weights: Floats, truth: Ints, predicted: Ints, classes: int) -> Floats:
    """Count pairs of classes, shape (resamples, true classes, predicted classes)."""
    cells = np.eye(classes * classes)[truth * classes + predicted]
    return (weights @ cells).reshape(-1, classes, classes)


@dataclass(frozen=True)
class ClassRates:
    """Precision, recall and F1 per class and resample, each of shape (resamples, classes).

    Attributes:
        support: weight of the texts whose truth is the class.
        precision: nan where the class was never predicted.
        recall: nan where no text is of the class.
        f1: nan where no text is of the class, so that it enters no average.
    """

    support: Floats
    precision: Floats
    recall: Floats
    f1: Floats


def class_rates(counts: Floats) -> ClassRates:
    """Turn confusion counts of shape (resamples, classes, classes) into rates per class."""
    hits = np.diagonal(counts, axis1=1, axis2=2)
    support, claimed = counts.sum(axis=2), counts.sum(axis=1)
    f1 = np.where(support > 0, ratio(2 * hits, support + claimed), np.nan)
    return ClassRates(support, ratio(hits, claimed), ratio(hits, support), f1)


@dataclass(frozen=True)
class Steps:
    """Weight of hits and false alarms from the highest score down, per group of equal scores.

    Attributes:
        hits: shape (resamples, different scores), never falling.
        alarms: the same of the texts that are not of the class.
    """

    hits: Floats
    alarms: Floats


def steps(weights: Floats, positive: Bools, score: Floats) -> Steps:
    """Go down the scores and add up what was drawn; positive and score have shape (texts,)."""
    order = np.argsort(-score, kind="stable")
    ranked = weights[:, order]
    starts = np.flatnonzero(np.diff(score[order], prepend=np.inf))
    hits = np.add.reduceat(ranked * positive[order], starts, axis=1)
    drawn = np.add.reduceat(ranked, starts, axis=1)
    return Steps(hits.cumsum(axis=1), (drawn - hits).cumsum(axis=1))


def auroc(weights: Floats, positive: Bools, score: Floats) -> Floats:
    """Return the area under the ROC curve (a tie counts one half); nan where one side is empty."""
    down = steps(weights, positive, score)
    width = np.diff(down.alarms, prepend=0.0, axis=1)
    before = np.concatenate([np.zeros((len(weights), 1)), down.hits[:, :-1]], axis=1)
    area = (width * (down.hits + before)).sum(axis=1) / 2
    return ratio(area, down.hits[:, -1] * down.alarms[:, -1])


def average_precision(weights: Floats, positive: Bools, score: Floats) -> Floats:
    """Return the average precision (step-wise, as in scikit-learn); nan without a positive."""
    down = steps(weights, positive, score)
    gained = np.diff(down.hits, prepend=0.0, axis=1)
    precision = np.nan_to_num(ratio(down.hits, down.hits + down.alarms))
    return ratio((gained * precision).sum(axis=1), down.hits[:, -1])


def bins_of(confidence: Floats) -> Ints:
    """Return the bin of each confidence: ``BINS`` bins of equal width, closed on the right."""
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)


def ece(weights: Floats, correct: Bools, confidence: Floats) -> Floats:
    """Return the expected calibration error of the top label (Guo et al. 2017).

    The share-weighted mean over bins of |accuracy - mean confidence|.
    """
    within = np.eye(BINS)[bins_of(confidence)]
    gaps = weights @ (within * (correct - confidence)[:, None])
    return np.abs(gaps).sum(axis=1) / weights.sum(axis=1)


def brier(weights: Floats, truth: Ints, probabilities: Floats) -> Floats:
    """Return the Brier score: 0-1 for two classes, 0-2 (summed over classes) for more."""
    classes = probabilities.shape[1]
    errors = ((probabilities - np.eye(classes)[truth]) ** 2).sum(axis=1)
    return (weights @ errors) / weights.sum(axis=1) / (2 if classes == 2 else 1)
