"""The detector that a folder opens as."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens.labels import LabelSet
from hatelens.models.classifier import Classifier
from hatelens.models.decision import Calibration, Thresholds
from hatelens.models.heads import Head, Outputs, TokenLogits
from hatelens.models.manifest import Manifest
from hatelens.models.windows import by_characters


class Counting:
    """Scores a text by how often it says "bad", and remembers what it saw."""

    def __init__(self):
        self.seen = []

    def logits(self, texts):
        self.seen.extend(texts)
        return np.array([[0.0, 2.0 * text.count("bad") - 1.0] for text in texts])

    def windows(self, text):
        return by_characters(len(text), 8, 2)


def manifest(**values):
    labels = LabelSet(("fine", "bad"), ("bad",))
    return Manifest("m", "k", "numpy", labels, {}, {}, **values)


def test_texts_are_cleaned_calibrated_and_decided():
    scorer = Counting()
    settings = {"calibration": Calibration("temperature", 2.0), "thresholds": Thresholds(0.6, 0.5)}
    model = Classifier(scorer, manifest(cleaning="v1", **settings))
    (prediction,) = model.predict(["b\u200bad &amp; worse"])
    assert scorer.seen == ["bad & worse"]
    assert prediction.scores["bad"] == 1 / (1 + np.exp(-0.5))
    assert (prediction.label, prediction.decision) == ("bad", "flag")
    assert prediction.model_version == model.model_version


def test_a_model_without_cleaning_sees_texts_as_they_are():
    scorer = Counting()
    Classifier(scorer, manifest()).predict(["b\u200bad"])
    assert scorer.seen == ["b\u200bad"]


class WithHeads(Counting):
    """Adds an attribute, two targets and marked characters."""

    def outputs(self, texts):
        heads = {"tone": np.full((len(texts), 1), 0.0), "whom": np.array([[2.0, -2.0]])}
        tokens = [TokenLogits([(0, 3), (4, 7)], np.array([3.0, -3.0]))]
        return Outputs(self.logits(texts), heads, tokens)


HEADS = (
    Head("tone", "attributes", ("insult",), thresholds=(0.7,)),
    Head("whom", "targets", ("Quendari", "Veluvians"), (1.0, 0.0), (0.0, 2.0)),
    Head("marks", "spans", ("toxic",)),
)


def test_heads_are_calibrated_and_named_from_their_thresholds():
    model = Classifier(WithHeads(), manifest(heads=HEADS))
    (prediction,) = model.predict(["bad one"])
    assert prediction.attributes == {"insult": 0.5}
    assert prediction.targets == pytest.approx({"Quendari": 0.8808, "Veluvians": 0.8808}, abs=1e-4)
    assert [(span.begin, span.end) for span in prediction.spans] == [(0, 3)]
    assert model.named == {"insult": 0.7, "Quendari": 0.5, "Veluvians": 0.5}
    assert model.outputs(["bad one"]).heads["tone"].shape == (1, 1)


def test_two_heads_of_attributes_are_both_said():
    heads = (Head("tone", "attributes", ("insult",)), Head("whom", "attributes", ("rude", "kind")))
    (prediction,) = Classifier(WithHeads(), manifest(heads=heads)).predict(["bad"])
    assert list(prediction.attributes) == ["insult", "rude", "kind"]


def test_a_model_without_heads_names_nothing():
    assert Classifier(Counting(), manifest()).named == {}


def test_no_texts_get_no_predictions():
    assert Classifier(Counting(), manifest()).predict([]) == []


def test_windows_point_into_the_uncleaned_text():
    text = "&amp;" * 12 + "bad"
    windows = Classifier(Counting(), manifest(cleaning="v1")).windows(text)
    assert (windows[0][0], windows[-1][1]) == (0, len(text))
    assert all(begin % 5 == 0 for begin, _ in windows)
    assert Classifier(Counting(), manifest()).windows("short") == [(0, 5)]
