"""Training the kind ``linear``."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from hatelens.config.schema import LinearModel, LinearTraining
from hatelens.labels import LabelSet
from hatelens.models import linear as kind
from hatelens.models.decision import softmax
from hatelens.models.manifest import Manifest
from hatelens.training.linear import train
from hatelens.training.trained import Material
from tests.training.conftest import lesson

GOOD = ["marsh folk sing well", "a lovely day in the marsh", "folk are kind", "kind marsh song"]
BAD = ["they are worthless", "worthless and rotten", "rotten lot the lot", "get out you lot"]
WORDS = LinearModel(char_ngrams=(2, 2), word_ngrams=(1, 2), buckets=2**18)


LABELS = LabelSet(("good", "bad"), ("bad",))


def prepared(tmp_path, targets):
    held_out = lesson(GOOD, np.eye(2)[[0] * 4])
    train = lesson(GOOD + BAD, targets)
    return Material(train, held_out, held_out.classes, LABELS, tmp_path, tmp_path / "resume")


HARD = np.eye(2)[[0] * 4 + [1] * 4]


def test_it_learns_what_it_is_shown(tmp_path):
    trained = train(WORDS, LinearTraining(), prepared(tmp_path, HARD), 0)
    assert trained.scorer.logits(GOOD + BAD).argmax(axis=1).tolist() == [0] * 4 + [1] * 4
    assert trained.facts["iterations"] > 0


def test_it_is_the_logistic_regression_of_scikit_learn(tmp_path):
    settings = LinearTraining(class_weight="none", max_iter=1000)
    words = LinearModel(char_ngrams=(30, 30), word_ngrams=(1, 1), buckets=2**22)
    trained = train(words, settings, prepared(tmp_path, HARD), 0)
    vectors = TfidfVectorizer(sublinear_tf=True, token_pattern=r"[\w']+").fit(GOOD + BAD)
    peer = LogisticRegression(C=settings.C, max_iter=1000)
    peer.fit(vectors.transform(GOOD + BAD), [0] * 4 + [1] * 4)
    new = ["worthless marsh", "a lovely lot"]
    expected = peer.predict_proba(vectors.transform(new))
    np.testing.assert_allclose(softmax(trained.scorer.logits(new)), expected, atol=2e-3)


def test_three_classes_and_soft_labels(tmp_path):
    targets = np.array([[0.7, 0.2, 0.1]] * 4 + [[0.0, 0.3, 0.7]] * 4)
    trained = train(
        WORDS, LinearTraining(class_weight="none", C=100.0), prepared(tmp_path, targets), 0
    )
    found = softmax(trained.scorer.logits(GOOD + BAD))
    np.testing.assert_allclose(found, targets, atol=0.12)


def test_the_weights_load_again(tmp_path):
    trained = train(WORDS, LinearTraining(), prepared(tmp_path, HARD), 0)
    manifest = Manifest("m", "linear", "numpy", LABELS, trained.architecture, {})
    again = kind.load(tmp_path, manifest)
    np.testing.assert_array_equal(again.logits(BAD), trained.scorer.logits(BAD))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_weights(tmp_path, seed):
    first, second = (
        train(WORDS, LinearTraining(), prepared(tmp_path, HARD), seed) for _ in range(2)
    )
    np.testing.assert_array_equal(first.scorer.logits(BAD), second.scorer.logits(BAD))
