"""What training starts from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hatelens.data.corpus import Corpus
from hatelens.data.example import Example
from hatelens.errors import DataError
from hatelens.labels import LabelSet
from hatelens.training.trained import class_weights, distributions, material

LABELS = LabelSet(("normal", "hateful"), ("hateful",))
VOTED = Example("1", "b\u200bad", "hateful", votes=(0.25, 0.75))
PLAIN = Example("2", "fine", "normal")
CORPUS = Corpus((VOTED, PLAIN), (PLAIN,), LABELS, (), {}, "", "")


def test_votes_are_targets_where_soft_labels_are_wanted():
    np.testing.assert_allclose(
        distributions([VOTED, PLAIN], LABELS, soft=True), [[0.25, 0.75], [1, 0]]
    )
    np.testing.assert_allclose(distributions([VOTED, PLAIN], LABELS, soft=False), [[0, 1], [1, 0]])
    assert distributions([], LABELS, soft=True).shape == (0, 2)


def test_texts_are_cleaned_as_they_will_be_when_the_model_serves(tmp_path):
    assert material(CORPUS, "v1", tmp_path, soft=True).texts == ["bad", "fine"]
    assert material(CORPUS, "none", tmp_path, soft=True).texts == ["b\u200bad", "fine"]


def test_a_label_that_no_text_bears_cannot_be_learned(tmp_path):
    with pytest.raises(DataError, match="No training text bears the label 'hateful'"):
        material(replace(CORPUS, train=(PLAIN,)), "v1", tmp_path, soft=True)


def test_without_a_label_that_counts_as_hateful_there_is_no_training(tmp_path):
    nobody = replace(CORPUS, labels=LabelSet(("fine", "bad"), ()))
    with pytest.raises(DataError, match=r"There are fine, bad: name those"):
        material(nobody, "v1", tmp_path, soft=True)


def test_without_validation_texts_there_is_no_training(tmp_path):
    with pytest.raises(DataError, match="No text is left for validation"):
        material(replace(CORPUS, validation=()), "v1", tmp_path, soft=True)


def test_class_weights_balance_the_labels():
    targets = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]])
    np.testing.assert_allclose(class_weights(targets, "balanced"), [4 / 6, 2.0])
    np.testing.assert_allclose(class_weights(targets, "sqrt"), np.sqrt([4 / 6, 2.0]))
    np.testing.assert_allclose(class_weights(targets, "none"), [1.0, 1.0])
