"""A few figures at a glance, for watching a training: loss, accuracy, macro-F1 and AUROC."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score

from hatelens.evaluation.calibration import log_loss
from hatelens.labels import Floats, LabelSet
from hatelens.models.decision import softmax


def glance(logits: Floats, truth: Floats, labels: LabelSet) -> Mapping[str, float]:
    """Measure the classes, uncalibrated and without intervals.

    Args:
        logits: shape (texts, labels).
        truth: shape (texts, labels): distributions, masks of labels that may be true (rows that sum
            to more than 1), or zeros where nothing is known.
        labels: the classes.

    Returns:
        ``loss`` over all that is known, ``accuracy`` and ``macro_f1`` over the texts with one
        label, ``auroc`` of the pooled question, 0.5 where only one side exists.
    """
    probabilities, mass = softmax(logits), truth.sum(axis=1)
    single = np.isclose(mass, 1.0)
    true, said = truth[single].argmax(axis=1), probabilities[single].argmax(axis=1)
    return {
        "loss": log_loss(probabilities[mass > 0], truth[mass > 0]),
        "accuracy": float((true == said).mean()),
        "macro_f1": float(f1_score(true, said, average="macro", zero_division=0)),
        "auroc": _auroc(probabilities[single], np.eye(len(labels))[true], labels),
    }


def _auroc(probabilities: Floats, truth: Floats, labels: LabelSet) -> float:
    hateful = labels.hateful_probability(truth) > 0.5
    if hateful.all() or not hateful.any():
        return 0.5
    return float(roc_auc_score(hateful, labels.hateful_probability(probabilities)))
