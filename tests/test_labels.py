"""Label sets and distributions."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from hatelens.errors import DataError
from hatelens.labels import POOLED, LabelSet, normalise, one_hot

THREE = LabelSet(("normal", "offensive", "hateful"), ("offensive", "hateful"))


def test_the_hateful_probability_is_the_sum_of_the_hateful_labels():
    probabilities = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    np.testing.assert_allclose(THREE.hateful_probability(probabilities), [0.8, 0.0])


def test_independent_labels_are_pooled_by_their_maximum():
    several = LabelSet(("insult", "threat"), ("insult", "threat"), multi=True)
    np.testing.assert_allclose(several.hateful_probability(np.array([[0.6, 0.7]])), [0.7])


def test_a_label_set_survives_json():
    assert LabelSet.from_dict(THREE.to_dict()) == THREE


def test_a_label_off_that_yaml_read_as_false_is_an_error_with_its_cure():
    values = yaml.safe_load("names: [OFF, NOT]\nhateful: [OFF]")
    with pytest.raises(DataError, match='put it in quotes, as in "OFF"'):
        LabelSet.from_dict(values)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("a", "a"), "differ"),
        (("a", 3), "put it in quotes"),
        (("a", ""), "must be text"),
        ("ab", "A list of label names"),
        (("a", True), "ON, YES or TRUE"),
    ],
)
def test_names_that_are_not_distinct_texts_are_refused(names, words):
    with pytest.raises(DataError, match=words):
        LabelSet(names, ())


def test_a_hateful_label_must_be_one_of_the_labels():
    with pytest.raises(DataError, match="No label named 'hatefull'; did you mean 'hateful'"):
        LabelSet(("normal", "hateful"), ("hatefull",))


def test_the_column_of_an_unknown_label_is_an_error():
    with pytest.raises(DataError, match="There are hateful, not hateful"):
        POOLED.index("angry")


def test_which_labels_are_hateful_can_be_asked():
    assert THREE.is_hateful("offensive")
    assert not THREE.is_hateful("normal")


def test_one_hot_and_votes_are_distributions():
    np.testing.assert_array_equal(one_hot("hateful", THREE), [0, 0, 1])
    np.testing.assert_allclose(normalise([1, 0, 3]), [0.25, 0, 0.75])


@pytest.mark.parametrize("votes", [[0, 0], [-1, 2], []])
def test_votes_without_a_positive_count_are_refused(votes):
    with pytest.raises(DataError, match="Votes must be counts"):
        normalise(votes)
