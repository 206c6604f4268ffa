from __future__ import annotations

from dataclasses import replace

import pytest

from hatelens import __version__
from hatelens.data import dataset
from hatelens.errors import DataError
from hatelens.evaluation.maps import Maps
from hatelens.evaluation.run import evaluate
from hatelens.labels import POOLED, LabelSet
from hatelens.models.detector import Span


def test_a_model_that_knows_the_labels_is_measured_on_them_and_on_the_pooled_question(
    village, keyword
):
    report = evaluate(keyword(), village, split="test", resamples=50)

    assert report.classes is not None
    assert report.classes["accuracy"].value == 0.8
    assert [row.support for row in report.classes.classes] == [80, 40, 80]
    assert report.pooled["accuracy"].value == 0.8
    assert [title for title, _ in report.questions()] == ["The model's classes", "Hateful or not"]


def test_a_model_with_other_labels_is_measured_on_the_pooled_question_alone(village, keyword):
    other = LabelSet(("fine", "hate"), ("hate",))
    report = evaluate(keyword(other), village, split="test", resamples=50)

    assert report.classes is None
    assert report.pooled.names == POOLED.names
    assert [title for title, _ in report.questions()] == ["Hateful or not"]


def test_two_classes_are_the_pooled_question_and_are_shown_once(keyword, make):
    two = LabelSet(("calm", "hateful"), ("hateful",))
    data = make(labels=two, rename={"rude": "calm"})
    report = evaluate(keyword(two), data, split="test", resamples=50)

    assert report.classes is not None
    assert [title for title, _ in report.questions()] == ["The model's classes"]


def test_decisions_are_those_of_the_models_thresholds(village, keyword):
    report = evaluate(keyword(), village, split="test", resamples=50)
    made = report.decisions

    assert made.flagged.value == 0.2
    assert made.unsure.value == 0.0
    assert made.clear.value == 0.8
    assert made.precision.value == 1.0
    assert made.recall.value == 0.5
    assert made.fpr.value == 0.0
    assert made.recall.low is not None
    assert made.recall.low < 0.5


def test_the_report_records_what_was_measured(village, keyword):
    report = evaluate(keyword(), village, split="test", limit=60, name="mine", resamples=50)

    assert report.predictions.model == "mine"
    assert report.predictions.model_version == "keyword-1"
    assert report.predictions.policy_version == "policy-1"
    assert (report.data, report.data_digest) == ("village", village.digest)
    assert (report.split, report.rows, report.package_version) == ("test", 60, __version__)
    assert report.left_out == {"no text (whole data set)": 1, "beyond the limit": 140}
    assert report.texts_per_second == pytest.approx(60 / report.seconds)


def test_the_same_seed_gives_the_same_figures(village, keyword):
    first, again = (evaluate(keyword(), village, split="test", limit=60, seed=2, resamples=20)
                    for _ in range(2))  # fmt: skip

    assert first.classes == again.classes
    assert first.decisions == again.decisions


def test_targets_are_reported_as_groups_where_texts_name_any(village, keyword):
    table = evaluate(keyword(), village, split="test", resamples=5).groups[0]

    assert table.column == "target"
    assert {group.group: group.rows for group in table.groups} == {"Quendari": 80, "Veluvians": 40}
    assert table.gaps["accuracy"] == 0.5


def test_other_columns_are_reported_when_they_are_asked_for(village, keyword):
    report = evaluate(keyword(), village, split="test", groups=["forum"], resamples=5)

    assert [table.column for table in report.groups] == ["forum"]
    with pytest.raises(DataError, match="did you mean 'forum'"):
        evaluate(keyword(), village, split="test", groups=["forun"], resamples=5)


def test_texts_without_targets_have_no_groups(village, keyword):
    bare = [replace(example, targets=()) for example in village.examples]
    data = dataset.make(village.card, bare, [])

    assert evaluate(keyword(), data, split="test", resamples=5).groups == ()


def test_a_functional_test_is_recognised_by_its_functions(village, keyword):
    cases = [
        replace(example, meta={"functionality": f"{example.label}_cases"})
        for example in village.examples
    ]
    report = evaluate(keyword(), dataset.make(village.card, cases, []), split="test", resamples=5)

    assert report.functional is not None
    assert [row.function for row in report.functional.functions] == [
        "hateful_cases", "rude_cases", "calm_cases",
    ]  # fmt: skip
    assert [row.accuracy for row in report.functional.functions] == [0.5, 1.0, 1.0]
    assert list(report.functional.baselines) == ["always hateful"]


def test_labels_are_measured_through_a_map(village, keyword):
    other = LabelSet(("normal", "offensive", "hate"), ("hate",))
    maps = Maps(labels={"village": {"calm": "normal", "rude": "offensive", "hateful": "hate"}})
    report = evaluate(keyword(other), village, split="test", resamples=20, maps=maps)

    assert report.classes is not None
    assert report.classes.names == other.names
    assert report.classes["accuracy"].value == 0.8
    assert report.predictions.label_map == maps.labels["village"]


def test_labels_that_tear_apart_are_measured_where_the_others_cover_them(village, keyword):
    maps = Maps(given={"calm": "calm|rude"})
    assert evaluate(keyword(), village, split="test", resamples=5, maps=maps).classes is None

    labels = LabelSet((*village.card.labels.names, "either"), ("hateful",))
    torn = [replace(e, label="either") if n == 2 else e for n, e in enumerate(village.examples)]
    data = dataset.make(replace(village.card, labels=labels), torn, [])
    report = evaluate(
        keyword(), data, split="test", resamples=5, maps=Maps(given={"either": "calm|rude"})
    )
    assert report.classes is not None
    assert report.classes.rows == 199


def test_labels_that_are_left_out_are_not_measured_as_classes(village, keyword):
    maps = Maps(given={"rude": ""})
    report = evaluate(keyword(), village, split="test", resamples=5, maps=maps)

    assert report.classes is not None
    assert (report.classes.rows, report.pooled.rows) == (160, 200)


def test_the_map_says_what_is_hateful_where_the_card_does_not(village, keyword):
    card = replace(village.card, labels=LabelSet(("calm", "rude", "bad"), ()))
    renamed = [replace(e, label="bad" if e.label == "hateful" else e.label)
               for e in village.examples]  # fmt: skip
    data = dataset.make(card, renamed, [])

    with pytest.raises(DataError, match="--map LABEL=OURS"):
        evaluate(keyword(), data, split="test", resamples=5)
    report = evaluate(
        keyword(), data, split="test", resamples=5, maps=Maps(given={"bad": "hateful"})
    )
    assert report.pooled["accuracy"].value == 0.8


def test_heads_and_marks_are_measured_where_the_detector_gives_them(village, keyword):
    class Headed(keyword):
        def predict(self, texts):
            return [
                replace(
                    one,
                    targets={"Quendari": 0.9 if "Quendari" in text else 0.1},
                    spans=(Span(4, 13, 0.9),) if "vermin" in text else (),
                )
                for one, text in zip(super().predict(texts), texts, strict=True)
            ]

    marked = [
        replace(e, source="village", spans=((4, 13),) if "vermin" in e.text else ())
        for e in village.examples
    ]
    data = dataset.make(village.card, marked, [])
    report = evaluate(Headed(), data, split="test", resamples=5)

    assert [head.kind for head in report.heads] == ["targets"]
    assert report.heads[0].outputs[0].positives == 40
    assert report.spans is not None
    assert report.spans.f1.value == 1.0
