from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from hatelens.data.card import Card
from hatelens.data.example import Example
from hatelens.evaluation.heads import Asked, Truths, measure_head, measure_heads, measure_marks
from hatelens.evaluation.maps import Maps
from hatelens.labels import LabelSet
from hatelens.models.detector import Prediction, Span

LABELS = LabelSet(("normal", "offensive", "hateful"), ("hateful",))
CARD = Card("village", labels=LabelSet(("calm", "rude", "hateful"), ("hateful",)))
MAPS = Maps(
    labels={"village": {"calm": "normal", "rude": "offensive"}},
    heads={"targets": {"village": {"Northerners": "north", "Hill folk": "north", "Sea": "sea"}}},
    thresholds={"targets": {"north": 0.3}},
)
SAID = Prediction("normal", 0.1, "clear", {"normal": 0.9}, "v", "p")


def example(row: int, label: str = "hateful", **values) -> Example:
    return Example(str(row), f"text {row}", label=label, source="village", **values)


def answers(**columns) -> list[Prediction]:
    """Give predictions whose targets are these columns."""
    rows = zip(*columns.values(), strict=True)
    return [replace(SAID, targets=dict(zip(columns, row, strict=True))) for row in rows]


def test_the_figures_are_those_of_scikit_learn():
    generator = np.random.default_rng(0)
    truth = (generator.random((300, 3)) < [0.3, 0.5, 0.2]).astype(float)
    scores = np.clip(truth * 0.3 + generator.random((300, 3)) * 0.7, 0, 1)
    asked = Asked("attributes", ("a", "b", "c"), scores, truth, (0.5, 0.4, 0.6))
    found = measure_head(asked, resamples=50)
    said = scores >= [0.5, 0.4, 0.6]

    for k, one in enumerate(found.outputs):
        assert one.auroc.value == pytest.approx(roc_auc_score(truth[:, k], scores[:, k]))
        expected = average_precision_score(truth[:, k], scores[:, k])
        assert one.average_precision.value == pytest.approx(expected)
        assert one.f1.value == pytest.approx(f1_score(truth[:, k], said[:, k]))
        assert one.f1.low is not None
        assert one.f1.value is not None
        assert one.f1.low < one.f1.value
    assert found.macro_f1.value == pytest.approx(f1_score(truth, said, average="macro"))
    assert found.micro_f1.value == pytest.approx(f1_score(truth, said, average="micro"))
    assert found.macro_auroc.value == pytest.approx(roc_auc_score(truth, scores))


def test_texts_of_unknown_truth_do_not_count():
    truth = np.array([[1.0], [0.0], [np.nan], [np.nan]])
    asked = Asked("attributes", ("a",), np.array([[0.9], [0.1], [0.9], [0.9]]), truth, (0.5,))
    found = measure_head(asked, resamples=5)

    assert (found.rows, found.outputs[0].rows, found.outputs[0].positives) == (2, 2, 1)
    assert found.micro_f1.value == 1.0


def test_groups_are_read_through_the_map_and_harmless_texts_attack_nobody():
    examples = [
        example(0, targets=("Northerners",)),
        example(1, targets=("Hill folk", "Others")),
        example(2, "calm", targets=("Northerners",)),
        example(3, "rude"),
        example(4, "rude", targets=("Others",)),
    ]
    truth = Truths(examples, CARD, MAPS, LABELS).of("targets", ("north", "sea", "moon"))

    assert truth[:, 0].tolist()[:3] == [1.0, 1.0, 0.0]
    assert np.isnan(truth[3]).all()
    assert truth[4, :2].tolist() == [0.0, 0.0]
    assert np.isnan(truth[:, 2]).all()


def test_outputs_that_the_data_does_not_have_are_named_and_not_measured():
    examples = [example(0, targets=("Northerners",)), example(1, "calm", targets=())]
    said = answers(north=[0.4, 0.1], sea=[0.2, 0.2], moon=[0.9, 0.9])
    (found,) = measure_heads(Truths(examples, CARD, MAPS, LABELS), said, resamples=5)

    assert (found.kind, [one.name for one in found.outputs]) == ("targets", ["north"])
    assert found.unmeasured == ("sea", "moon")
    assert found.outputs[0].threshold == 0.3
    assert found.outputs[0].f1.value == 1.0


def test_attributes_of_the_same_name_need_no_map_and_labels_can_feed_one():
    examples = [
        example(0, attributes={"insult": 0.7}),
        example(1, "rude", attributes={"insult": 0.2}),
        example(2, "calm"),
    ]
    said = [
        replace(SAID, attributes={"insult": 0.8, "toxic": 0.7}),
        replace(SAID, attributes={"insult": 0.1, "toxic": 0.6}),
        replace(SAID, attributes={"insult": 0.9, "toxic": 0.2}),
    ]
    (plain,) = measure_heads(Truths(examples, CARD, Maps(), LABELS), said, resamples=5)
    assert [(one.name, one.rows, one.positives) for one in plain.outputs] == [("insult", 2, 1)]

    fed = Maps(heads={"attributes": {"village": {"label=rude": "toxic", "label=hateful": "toxic"}}})
    (found,) = measure_heads(Truths(examples, CARD, fed, LABELS), said, resamples=5)
    assert [(one.name, one.rows, one.positives) for one in found.outputs] == [("toxic", 3, 2)]
    assert found.outputs[0].auroc.value == 1.0


def test_texts_of_another_source_keep_the_attributes_they_were_read_with():
    one = Example("0", "text", label="hateful", source="town", attributes={"label=bad": 1.0})
    maps = Maps(heads={"attributes": {"town": {"label=bad": "toxic"}}})

    assert Truths([one], CARD, maps, LABELS).of("attributes", ("toxic",)).tolist() == [[1.0]]


def test_a_model_without_heads_or_data_without_truths_is_not_measured():
    examples = [example(0, targets=("Northerners",))]

    assert measure_heads(Truths(examples, CARD, MAPS, LABELS), [SAID], resamples=5) == ()
    bare = Truths([example(0)], CARD, MAPS, LABELS)
    assert measure_heads(bare, answers(north=[0.4]), resamples=5) == ()


def test_marks_are_measured_where_both_sides_have_them():
    examples = [example(0, spans=((0, 4),)), example(1, spans=()), example(2)]
    marks = [replace(SAID, spans=(Span(0, 4, 0.9),)), SAID, replace(SAID, spans=(Span(0, 1, 1),))]
    found = measure_marks(examples, marks, resamples=5)

    assert found is not None
    assert (found.rows, found.marked, found.f1.value) == (2, 1, 1.0)
    assert measure_marks(examples, [SAID] * 3) is None
    assert measure_marks(examples[2:], marks[2:]) is None
