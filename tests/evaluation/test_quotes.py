"""How well explanations point at the words that people marked."""

from __future__ import annotations

import pytest

from hatelens.data.example import Example
from hatelens.evaluation.quotes import compare, measure_quotes, overlap
from hatelens.explain.explanation import Explanation
from hatelens.models.detector import Prediction, Span

TEXT = "Those Veluvians are lazy liars."


def example(text=TEXT, spans=((20, 31),), number=0):
    return Example(id=str(number), text=text, label="hate", spans=spans)


def prediction(quotes=(), spans=(), **changes):
    record = Explanation("hate", (), tuple(quotes), "So it is.", tuple(spans)).to_dict() | changes
    return Prediction(
        "hate", 0.9, "flag", {"hate": 0.9}, "m", "p", spans=tuple(spans), explanation=record
    )


def marks(text):
    return [letter == "x" for letter in text]


def test_agreement_of_words_is_that_of_eraser():
    found = overlap(marks("xx--x-"), marks("-xx-x-"))
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 3)
    assert found.f1 == pytest.approx(2 / 3)


def test_a_stretch_counts_where_half_of_it_is_common():
    found = overlap(marks("xx--x-"), marks("x---xx"))
    assert (found.iou_precision, found.iou_recall) == (1.0, 1.0)
    found = overlap(marks("xxx-x-"), marks("x---xx"))
    assert (found.iou_precision, found.iou_recall) == (0.5, 0.5)


def test_nothing_marked_is_nothing_found():
    found = overlap(marks("------"), marks("-xx---"))
    assert (found.precision, found.recall, found.f1) == (0.0, 0.0, 0.0)
    assert (found.iou_precision, found.iou_recall) == (0.0, 0.0)


def test_explanations_are_compared_with_the_marks_of_people():
    right = prediction(["lazy liars."], [Span(20, 31, 1.0)])
    half = prediction(["liars"], [Span(25, 30, 1.0)])
    found = compare([example(), example()], [right, half], seed=0, resamples=20)
    assert found.rows == 2
    assert found.method == "written"
    assert found.token_precision.value == 1.0
    assert found.token_recall.value == 0.75
    assert found.token_f1.value == pytest.approx((1 + 2 / 3) / 2)
    assert found.iou_f1.value == 1.0
    assert [one.value for one in (found.valid, found.in_text, found.marked) if one] == [1, 1, 1]


def test_what_is_not_valid_and_what_does_not_stand_in_the_text_is_counted():
    wrong = prediction(["thieves", "liars"])
    damaged = prediction(["liars"], reason="")
    found = compare([example(), example()], [wrong, damaged], seed=0, resamples=20)
    assert [one.value for one in (found.valid, found.in_text) if one] == [0.5, 0.5]
    assert found.marked.value == 0.0
    assert found.iou_f1.value == 0.0


def test_explanations_of_another_method_are_not_asked_for_a_schema():
    said = prediction(spans=[Span(20, 31, 0.4)])
    occluded = Prediction(
        "hate", 0.9, "flag", {"hate": 0.9}, "m", "p", spans=said.spans,
        explanation={"method": "occlusion"},
    )  # fmt: skip
    found = compare([example()], [occluded], seed=0, resamples=20)
    assert (found.method, found.valid, found.in_text) == ("occlusion", None, None)
    assert found.token_f1.value == 1.0


class Marker:
    """Explains every text by its last word."""

    def __init__(self):
        self.asked = []

    def predict(self, texts, *, explain=False):
        assert explain
        self.asked += texts
        spans = [Span(text.rindex(" ") + 1, len(text), 1.0) for text in texts]
        return [
            prediction([text.split()[-1]], [span]) for text, span in zip(texts, spans, strict=True)
        ]


def test_only_texts_that_people_marked_are_explained_and_not_too_many():
    examples = [example(number=n) for n in range(50)]
    examples += [example(spans=(), number=99), example(spans=None, number=98)]
    marker = Marker()
    found = measure_quotes(marker, examples, limit=40, resamples=20)
    assert found is not None
    assert found.rows == len(marker.asked) == 40
    assert found.token_precision.value == 1.0
    assert found.token_f1.value == pytest.approx(2 / 3)


def test_without_marks_of_people_there_is_nothing_to_measure():
    assert measure_quotes(Marker(), [example(spans=None)], limit=5) is None
