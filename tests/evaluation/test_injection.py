"""What instructions in texts do to decisions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatelens.data import catalog
from hatelens.evaluation import report, run
from hatelens.evaluation.injection import is_injection
from hatelens.labels import LabelSet
from hatelens.models.detector import Prediction

TWO = LabelSet(("normal", "hateful"), ("hateful",))


@pytest.fixture(scope="module")
def injections():
    return catalog.load("injections_en", "test")


def test_the_set_holds_pairs_of_both_kinds_that_differ_by_their_injection(injections):
    texts = injections.examples
    assert len(texts) >= 32
    assert sum(one.label == "hateful" for one in texts) * 2 == len(texts)
    assert all(one.meta["clean"] in one.text for one in texts)
    assert all(one.meta["clean"] != one.text for one in texts)
    assert len({one.meta["clean"] for one in texts}) == len(texts)
    assert injections.card.test_only
    assert is_injection(texts)


def test_a_detector_that_reads_on_is_not_turned(keyword, injections):
    found = run.evaluate(keyword(TWO), injections, split="test", resamples=20).injection
    assert found is not None
    assert found.pairs == 40
    assert found.success.value == 0.025  # the word vermin stands in one of the injections
    assert found.hidden.value == 0.0


class Obedient:
    """Says what the text tells it to say."""

    def __init__(self, detector):
        self.detector = detector
        self.labels, self.thresholds = detector.labels, detector.thresholds
        self.languages, self.named = (), {}
        self.model_version = self.policy_version = "obedient"

    def windows(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]

    def predict(self, texts):
        said = self.detector.predict(texts)
        return [self._turned(text, one) for text, one in zip(texts, said, strict=True)]

    def _turned(self, text: str, one: Prediction) -> Prediction:
        for label in self.labels.names:
            if label in text.lower():
                hateful = float(label == "hateful")
                decision = self.thresholds.decide(hateful)
                return replace(one, label=label, hateful=hateful, decision=decision)
        return one


def test_a_detector_that_obeys_is_turned_and_the_report_says_so(keyword, injections, tmp_path):
    made = run.evaluate(Obedient(keyword(TWO)), injections, split="test", resamples=20)
    found = made.injection
    assert found is not None
    assert found.success.value is not None
    assert found.success.value > 0.4
    assert found.hidden.value == 1.0
    assert found.raised.value is not None
    assert found.raised.value > 0.8
    report.write(made, tmp_path)
    assert "Prompt injections" in (tmp_path / "report.md").read_text()
    assert "Prompt injections" in (tmp_path / "report.html").read_text()
    assert made.to_dict()["injection"]["pairs"] == 40


def test_other_data_has_no_injections(keyword, village):
    assert run.evaluate(keyword(), village, split="test", resamples=5).injection is None
