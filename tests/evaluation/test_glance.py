"""A few figures while training."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from hatelens.evaluation.glance import glance
from hatelens.labels import LabelSet

LABELS = LabelSet(("normal", "offensive", "hateful"), ("hateful",))
LOGITS = np.array([[2.0, 0, 0], [0, 2, 0], [0, 0, 2], [3, 0, 0], [0, 1, 4]])
TRUE = [0, 1, 2, 2, 1]


def test_the_figures_are_those_of_scikit_learn():
    said = LOGITS.argmax(axis=1)
    found = glance(LOGITS, np.eye(3)[TRUE], LABELS)
    probabilities = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    assert found["accuracy"] == pytest.approx(0.6)
    assert found["macro_f1"] == pytest.approx(f1_score(TRUE, said, average="macro"))
    expected = roc_auc_score(np.array(TRUE) == 2, probabilities[:, 2])
    assert found["auroc"] == pytest.approx(expected)
    by_hand = -np.log(probabilities[np.arange(5), TRUE]).mean()
    assert found["loss"] == pytest.approx(by_hand)


def test_texts_with_several_possible_labels_or_none_are_not_counted_right_or_wrong():
    truth = np.vstack([np.eye(3)[TRUE], [[1, 1, 0], [0, 0, 0]]])
    logits = np.vstack([LOGITS, [[0.0, 0, 9], [0, 0, 9]]])
    found, before = glance(logits, truth, LABELS), glance(LOGITS, np.eye(3)[TRUE], LABELS)
    for name in ("accuracy", "macro_f1", "auroc"):
        assert found[name] == pytest.approx(before[name])


def test_where_only_one_side_exists_nothing_can_be_ranked():
    assert glance(LOGITS[:2], np.eye(3)[:2], LABELS)["auroc"] == 0.5
