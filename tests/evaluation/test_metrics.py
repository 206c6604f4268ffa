from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as scikit_learn

from hatelens.errors import DataError, ModelError
from hatelens.evaluation import weighted
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.metrics import SUMMARY, measure
from hatelens.labels import POOLED, LabelSet

reference: Any = scikit_learn
THREE = LabelSet(("calm", "rude", "hateful"), ("hateful",))


def answers(rows: int = 400, classes: int = 3, seed: int = 0, shift: float = 1.0):
    generator = np.random.default_rng(seed)
    truth = generator.integers(classes, size=rows)
    logits = generator.normal(size=(rows, classes)).round(1)  # rounded, so that scores tie
    logits[np.arange(rows), truth] += shift
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return truth, probabilities


def named(truth: np.ndarray, labels: LabelSet) -> list[str]:
    return [labels.names[index] for index in truth]


def test_three_class_figures_equal_scikit_learns():
    truth, scores = answers()
    found = measure(named(truth, THREE), scores, THREE, resamples=5)
    predicted = scores.argmax(axis=1)
    expected = {
        "accuracy": reference.accuracy_score(truth, predicted),
        "macro_f1": reference.f1_score(truth, predicted, average="macro"),
        "weighted_f1": reference.f1_score(truth, predicted, average="weighted"),
        "auroc": reference.roc_auc_score(truth, scores, multi_class="ovr"),
        "average_precision": reference.average_precision_score(np.eye(3)[truth], scores),
        "brier": reference.brier_score_loss(truth, scores),
    }

    assert {name: found[name].value for name in expected} == pytest.approx(expected)


def test_two_class_figures_are_those_of_the_hateful_class():
    truth, scores = answers(classes=2)
    found = measure(named(truth, POOLED), scores, POOLED, resamples=5)
    expected = {
        "auroc": reference.roc_auc_score(truth, scores[:, 1]),
        "average_precision": reference.average_precision_score(truth, scores[:, 1]),
        "brier": reference.brier_score_loss(truth, scores[:, 1]),
    }

    assert {name: found[name].value for name in expected} == pytest.approx(expected)


def test_the_hateful_class_counts_wherever_it_stands():
    labels = LabelSet(("hate", "none"), ("hate",))
    truth, scores = answers(classes=2)
    found = measure(named(truth, labels), scores, labels, resamples=5)
    expected = reference.average_precision_score(truth == 0, scores[:, 0])

    assert found["average_precision"].value == pytest.approx(expected)


def test_class_figures_equal_scikit_learns():
    truth, scores = answers()
    found = measure(named(truth, THREE), scores, THREE, resamples=5)
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        truth, scores.argmax(axis=1)
    )

    assert [c.precision.value for c in found.classes] == pytest.approx(list(precision))
    assert [c.recall.value for c in found.classes] == pytest.approx(list(recall))
    assert [c.f1.value for c in found.classes] == pytest.approx(list(f1))
    assert [c.support for c in found.classes] == list(support)
    assert np.array(found.confusion).tolist() == (
        reference.confusion_matrix(truth, scores.argmax(axis=1)).tolist()
    )


def test_a_class_without_a_text_enters_no_average():
    labels = LabelSet((*THREE.names, "unknown"), ("hateful",))
    truth, scores = answers()
    wider = np.hstack([scores, np.zeros((len(truth), 1))])
    found = measure(named(truth, labels), wider, labels, resamples=5)
    plain = measure(named(truth, THREE), scores, THREE, resamples=5)

    assert found.absent == ("unknown",)
    assert [c.label for c in found.classes] == list(THREE.names)
    for name in ("macro_f1", "weighted_f1", "auroc", "average_precision"):
        assert found[name] == plain[name]


def test_a_class_that_was_never_predicted_has_no_precision_but_an_f1_of_nought():
    scores = np.tile([0.6, 0.4], (4, 1))
    found = measure(["not hateful", "hateful", "hateful", "hateful"], scores, POOLED, resamples=5)
    hateful = found.classes[1]

    assert hateful.precision == Estimate(None)
    assert hateful.recall.value == 0.0
    assert hateful.f1.value == 0.0


def test_ranking_is_undefined_and_not_nought_where_one_side_is_missing():
    found = measure(["not hateful"] * 3, np.tile([0.9, 0.1], (3, 1)), POOLED, resamples=5)

    assert found["auroc"] == Estimate(None)
    assert found["average_precision"] == Estimate(None)
    assert found.to_dict()["summary"]["auroc"] == {"value": None, "low": None, "high": None}
    assert str(found["auroc"]) == "-"


def test_ece_worked_out_by_hand():
    # Confidences .9 .9 .6 .6: bins (.867, .933] and (.533, .6]; accuracies .5 and 1.
    scores = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.4, 0.6]])
    truth = ["not hateful", "hateful", "not hateful", "hateful"]
    found = measure(truth, scores, POOLED, resamples=5)

    assert found["ece"].value == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)


def test_confidences_of_nought_and_one_have_a_bin():
    assert weighted.bins_of(np.array([0.0, 1.0])).tolist() == [0, weighted.BINS - 1]


@pytest.mark.parametrize("name", ["accuracy", "macro_f1", "auroc", "brier"])
def test_an_interval_holds_the_value_and_narrows_with_more_texts(name):
    widths = []
    for rows in (200, 3200):
        truth, scores = answers(rows)
        figure = measure(named(truth, THREE), scores, THREE)[name]
        assert figure.low is not None
        assert figure.high is not None
        assert figure.value is not None
        assert figure.low < figure.value < figure.high
        widths.append(figure.high - figure.low)

    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.35)


def test_intervals_of_accuracy_cover_the_known_value_about_nineteen_times_in_twenty():
    covered = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        truth = generator.integers(2, size=300)
        right = generator.random(300) < 0.8  # the true accuracy
        scores = np.where((truth == 1) == right, 0.7, 0.3)
        figure = measure(
            named(truth, POOLED), np.stack([1 - scores, scores], axis=1), POOLED, resamples=200
        )["accuracy"]
        assert figure.low is not None
        assert figure.high is not None
        covered += figure.low <= 0.8 <= figure.high

    assert 180 <= covered <= 198


def test_an_interval_of_accuracy_is_the_binomial_one():
    truth = np.zeros(1000, dtype=int)
    scores = np.tile([0.8, 0.2], (1000, 1))
    scores[:100] = [0.2, 0.8]
    figure = measure(named(truth, POOLED), scores, POOLED, resamples=4000)["accuracy"]
    margin = 1.96 * np.sqrt(0.9 * 0.1 / 1000)

    assert figure.low == pytest.approx(0.9 - margin, abs=0.003)
    assert figure.high == pytest.approx(0.9 + margin, abs=0.003)


def test_the_same_seed_gives_the_same_intervals_and_another_seed_others():
    truth, scores = answers(100)
    first, again, other = (
        measure(named(truth, THREE), scores, THREE, seed=seed, resamples=50) for seed in (1, 1, 2)
    )

    assert first == again
    assert first["accuracy"] != other["accuracy"]


def test_chunks_of_resamples_add_up_to_the_same_draws(monkeypatch):
    whole = np.concatenate(list(weighted.draws(7, 20, seed=3)))
    monkeypatch.setattr(weighted, "CELLS", 21)
    chunks = list(weighted.draws(7, 20, seed=3))

    assert [len(chunk) for chunk in chunks] == [3] * 6 + [2]
    assert whole.sum(axis=1).tolist() == [7.0] * 20
    assert np.concatenate(chunks).sum(axis=1).tolist() == [7.0] * 20
    assert np.array_equal(whole, np.concatenate(chunks))


def test_weighted_ranking_equals_ranking_of_the_texts_drawn():
    truth, scores = answers(60, classes=2)
    positive, score = truth == 1, scores[:, 1]
    weights = next(weighted.draws(60, 20, seed=0))
    repeated = [np.repeat(np.arange(60), row.astype(int)) for row in weights]

    assert weighted.auroc(weights, positive, score) == pytest.approx(
        [reference.roc_auc_score(positive[rows], score[rows]) for rows in repeated]
    )
    assert weighted.average_precision(weights, positive, score) == pytest.approx(
        [reference.average_precision_score(positive[rows], score[rows]) for rows in repeated]
    )


def test_nothing_warns_where_a_rare_class_is_missing_from_resamples():
    truth = ["not hateful"] * 20 + ["hateful"]
    scores = np.tile([0.7, 0.3], (21, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(truth, scores, POOLED)

    assert all(found[name].value is not None for name in SUMMARY)


def test_no_text_is_an_error():
    with pytest.raises(DataError, match="no labelled text"):
        measure([], np.zeros((0, 2)), POOLED)


def test_a_label_outside_the_set_is_an_error():
    with pytest.raises(DataError, match="did you mean 'hateful'"):
        measure(["hatful"], np.array([[0.5, 0.5]]), POOLED)


def test_no_resample_is_an_error():
    with pytest.raises(DataError, match="At least 1 resample"):
        measure(["hateful"], np.array([[0.5, 0.5]]), POOLED, resamples=0)


@pytest.mark.parametrize(
    ("scores", "words"),
    [([[0.5, 0.3, 0.2]], "shape"), ([[np.nan, 0.5]], "no number for text 1")],
)
def test_scores_that_do_not_fit_are_an_error(scores, words):
    with pytest.raises(ModelError, match=words):
        measure(["hateful"], np.array(scores), POOLED)


def test_five_thousand_texts_and_five_hundred_resamples_take_seconds():
    truth, scores = answers(5000)
    began = time.perf_counter()
    measure(named(truth, THREE), scores, THREE)

    assert time.perf_counter() - began < 20  # about one on an idle core


def test_a_figure_is_shown_with_the_interval_that_it_has():
    assert str(Estimate(0.5, 0.4, 0.6)) == "0.500 (0.400 to 0.600)"
    assert str(Estimate(0.5)) == "0.500"


def test_three_classes_have_an_auroc_of_one_against_one_as_in_scikit_learn():
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 3, size=200)
    p = generator.random((200, 3)) + 0.3 * np.eye(3)[truth]
    p /= p.sum(axis=1, keepdims=True)
    labels = LabelSet(("a", "b", "c"), ("c",))
    found = measure([labels.names[k] for k in truth], p, labels, resamples=20)

    expected = scikit_learn.roc_auc_score(truth, p, multi_class="ovo", average="macro")
    assert found["auroc_ovo"].value == pytest.approx(expected)
    two = measure(["a", "b"], p[:2, :2], LabelSet(("a", "b"), ("b",)), resamples=5)
    assert "auroc_ovo" not in two.summary
    one = measure(["a", "a"], p[:2], labels, resamples=5)
    assert one["auroc_ovo"].value is None
