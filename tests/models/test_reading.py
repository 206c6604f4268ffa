"""Reading texts of any length."""

from __future__ import annotations

from collections.abc import Mapping

from hatelens.labels import LabelSet
from hatelens.models import reading
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction, Span


class Threes:
    """Reads three characters at once; they are a number, which is its score and marks its place."""

    labels = LabelSet(("fine", "bad"), ("bad",))
    thresholds = Thresholds()
    languages: tuple[str, ...] = ()
    named: Mapping[str, float] = {}
    model_version = "m"
    policy_version = "p"

    def __init__(self):
        self.batches = []

    def windows(self, text):
        return [(i, min(i + 3, len(text))) for i in range(0, max(1, len(text)), 3)]

    def predict(self, texts):
        self.batches.append(len(texts))
        return [self._one(text) for text in texts]

    def _one(self, text):
        hateful = float(text)
        spans = (Span(0, 1, hateful),) if hateful > 0.5 else ()
        decision = self.thresholds.decide(hateful)
        scores = {"fine": 1 - hateful, "bad": hateful}
        heads = {"attributes": {"insult": 1 - hateful}, "targets": {"Quendari": hateful}}
        return Prediction("bad", hateful, decision, scores, "m", "p", spans=spans, **heads)


def test_the_most_hateful_window_answers_with_the_spans_and_the_highest_scores_of_all():
    (said,) = reading.predict(Threes(), ["0.20.80.30.7"])
    assert (said.hateful, said.spans) == (0.8, (Span(3, 4, 0.8), Span(9, 10, 0.7)))
    assert (said.attributes, said.targets) == ({"insult": 0.8}, {"Quendari": 0.8})


def test_the_place_of_the_most_hateful_window_is_kept():
    (one,) = reading.read(Threes(), ["0.20.80.3"])
    assert one.place == (3, 6)


def test_windows_of_many_texts_share_batches_of_a_bounded_size():
    detector = Threes()
    texts = ["0.1" * 100, "0.9", "0.2" * 300]
    assert [one.hateful for one in reading.predict(detector, texts)] == [0.1, 0.9, 0.2]
    assert detector.batches == [reading.BATCH, 401 - reading.BATCH]


def test_no_texts_are_no_answers():
    detector = Threes()
    assert (reading.predict(detector, []), detector.batches) == ([], [])


def test_spans_that_overlap_where_windows_do_become_one():
    spans = [Span(4, 9, 0.5), Span(0, 3, 0.9), Span(7, 12, 0.8), Span(12, 14, 0.6)]
    assert reading.merged(spans) == (Span(0, 3, 0.9), Span(4, 12, 0.8), Span(12, 14, 0.6))
