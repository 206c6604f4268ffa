"""What training starts from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hatelens.config.encoder import HeadSettings
from hatelens.data.corpus import Corpus
from hatelens.data.example import Example
from hatelens.errors import DataError
from hatelens.labels import LabelSet
from hatelens.models.heads import Head, Outputs
from hatelens.training.trained import Trained, class_weights, distributions, lesson, material

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
    assert material(CORPUS, "v1", tmp_path, soft=True).train.texts == ["bad", "fine"]
    assert material(CORPUS, "none", tmp_path, soft=True).train.texts == ["b\u200bad", "fine"]


def test_what_is_held_out_is_measured_by_its_labels_even_where_votes_are_learned_from(tmp_path):
    made = material(replace(CORPUS, validation=(VOTED,)), "v1", tmp_path, soft=True)
    np.testing.assert_allclose(made.held_out.classes, [[0.25, 0.75]])
    np.testing.assert_allclose(made.held_out_truth, [[0, 1]])


def test_a_partial_label_is_a_mask_and_no_label_is_nothing():
    either = Example("3", "either", "normal|hateful")
    found = distributions([either, Example("4", "unknown")], LABELS, soft=True)
    np.testing.assert_array_equal(found, [[1, 1], [0, 0]])


def test_heads_get_what_people_said_and_spans_only_from_the_sets_that_feed_them():
    heads = {
        "attributes": HeadSettings(
            type="attributes", names=("insult",), train={"a": {"rude": "insult"}}
        ),
        "spans": HeadSettings(type="spans", train={"a": {}}),
    }
    marked = Example("1", "bad", "hateful", source="a", attributes={"rude": 0.5}, spans=((0, 3),))
    elsewhere = replace(marked, source="b")
    made = lesson([marked, elsewhere], LABELS, "v1", soft=True, heads=heads)
    np.testing.assert_array_equal(made.heads["attributes"], [[0.5], [np.nan]])
    assert list(made.marks) == [((0, 3),), None]


def test_all_heads_of_a_scorer_are_asked_where_there_are_any():
    class Scorer:
        def logits(self, texts):
            return np.zeros((len(texts), 2))

        def outputs(self, texts):
            return Outputs(self.logits(texts), {"attributes": np.ones((len(texts), 1))})

        def windows(self, text):
            return [(0, len(text))]

    plain = Trained(Scorer(), "numpy", {}, ())
    assert plain.outputs(["a"]).heads == {}
    several = replace(plain, heads=(Head("attributes", "attributes", ("insult",)),))
    assert set(several.outputs(["a"]).heads) == {"attributes"}


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
