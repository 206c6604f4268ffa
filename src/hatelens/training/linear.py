"""Trains the kind ``linear``: multinomial logistic regression on hashed n-grams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from hatelens.config.schema import LinearModel, LinearTraining
from hatelens.labels import Floats
from hatelens.models import linear
from hatelens.models.linear import Linear
from hatelens.models.ngrams import Counts
from hatelens.training.trained import Material, Trained, class_weights


@dataclass(frozen=True)
class _Fitted:
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    iterations: int


def train(model: LinearModel, training: LinearTraining, material: Material, seed: int) -> Trained:
    """Fit a linear model and write its weights to the work folder.

    A soft label becomes one row per class, weighted by its share: the same as cross-entropy with
    the distribution as target.
    """
    architecture = model.model_dump(mode="json")
    counter = linear.ngrams(architecture)
    counts = counter.count(material.train.texts)
    rarity = idf(counts, model.buckets)
    features = csr_matrix(
        (linear.values(counts, rarity), counts.buckets, counts.starts),
        shape=(len(material.train.cleaned), model.buckets),
    )
    fitted = _fit(features, material.train.classes, training, seed)
    scorer = Linear(counter, rarity, fitted.weight, fitted.bias)
    files = scorer.save(material.work)
    facts = {"iterations": fitted.iterations, "features": int(np.unique(counts.buckets).size)}
    return Trained(scorer, "numpy", architecture, files, facts=facts)


def idf(counts: Counts, buckets: int) -> NDArray[np.float32]:
    """Smoothed inverse document frequency, as scikit-learn's, shape (buckets,)."""
    texts = len(counts.starts) - 1
    found = np.bincount(counts.buckets, minlength=buckets)
    return (np.log((1 + texts) / (1 + found)) + 1).astype(np.float32)


def _fit(features: csr_matrix, targets: Floats, training: LinearTraining, seed: int) -> _Fitted:
    weights = targets * class_weights(targets, training.class_weight)
    rows, labels = np.nonzero(weights)
    columns = np.unique(features.indices)  # most buckets are empty: fit only those that are not
    regression = LogisticRegression(C=training.C, max_iter=training.max_iter, random_state=seed)
    repeated: Any = features[rows]  # scipy's stubs do not know that a matrix can be indexed
    regression.fit(repeated[:, columns], labels, sample_weight=weights[rows, labels])
    coefficients, intercept = regression.coef_, regression.intercept_
    if len(coefficients) == 1:  # two classes have one row: the log-odds of the second
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercept = np.concatenate([-intercept, intercept]) / 2
    weight = np.zeros((features.shape[1], targets.shape[1]), np.float32)
    weight[columns] = coefficients.T
    return _Fitted(weight, intercept.astype(np.float32), int(regression.n_iter_[0]))
