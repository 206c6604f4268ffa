"""Teaches a ``linear`` model what a strong detector says: distillation by ridge regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge

from hatelens.labels import Floats, LabelSet
from hatelens.models import linear
from hatelens.models.linear import Linear
from hatelens.models.ngrams import Counts
from hatelens.training.linear import idf

_LEAST = 1e-4  # probabilities are learned as logarithms: none of zero
_ITERATIONS = 100


def targets(said: Floats, truth: Floats, labels: LabelSet, label_weight: float) -> Floats:
    """Return the logits to learn, shape (texts, labels).

    They are the strong detector's, and where it is known whether a text is hateful, its log-odds
    of ``hateful`` move by ``label_weight x (truth - mean of the truths)``: what the labels know
    beyond the strong detector keeps the ranking of the cleared texts good.

    Args:
        said: probabilities of the strong detector, shape (texts, labels).
        truth: 1 for hateful, 0 for not, NaN where it is not known; shape (texts,).
        labels: of the strong detector.
        label_weight: how far the truth moves the log-odds.
    """
    logits = np.log(np.clip(said, _LEAST, 1.0))
    known = ~np.isnan(truth)
    moved = np.where(known, truth - truth[known].mean() if known.any() else 0.0, 0.0)
    sides = np.array([0.5 if labels.is_hateful(name) else -0.5 for name in labels.names])
    logits += label_weight * np.nan_to_num(moved)[:, None] * sides
    return logits - logits.mean(axis=1, keepdims=True)


def fit(
    texts: Sequence[str], logits: Floats, architecture: Mapping[str, Any], alpha: float
) -> Linear:
    """Fit a linear model to logits by ridge regression.

    Args:
        texts: cleaned.
        logits: shape (texts, labels).
        architecture: of the linear model: ``buckets``, ``char_ngrams``, ``word_ngrams``.
        alpha: strength of the L2 regularisation.
    """
    counter = linear.ngrams(architecture)
    counts = counter.count(texts)
    rarity = idf(counts, counter.buckets)
    columns = np.unique(counts.buckets)
    features = _features(counts, rarity, counter.buckets)[:, columns]
    ridge = Ridge(alpha=alpha, solver="sparse_cg", max_iter=_ITERATIONS, tol=1e-3)
    ridge.fit(features, logits)
    weight = np.zeros((counter.buckets, logits.shape[1]), np.float32)
    weight[columns] = ridge.coef_.T
    return Linear(counter, rarity, weight, np.asarray(ridge.intercept_, np.float32))


def _features(counts: Counts, rarity: Any, buckets: int) -> Any:  # scipy's stubs cannot index
    shape = (len(counts.starts) - 1, buckets)
    return csr_matrix((linear.values(counts, rarity), counts.buckets, counts.starts), shape=shape)
