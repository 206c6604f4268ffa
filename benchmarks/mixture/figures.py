"""How well a mixture does on each platform, and how much better than one adapter over all data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from benchmarks.mixture.material import Test

from hatelens.evaluation.calibration import fit_calibration, log_loss
from hatelens.evaluation.metrics import Answers
from hatelens.labels import POOLED, Floats, LabelSet
from hatelens.models.mixture import MixtureScorer
from hatelens.training.run import evenly
from hatelens.training.trained import Lesson

RESAMPLES = 1000
ALL_TEXTS = "pooled"


@dataclass(frozen=True)
class Figures:
    """One method on the test texts of one platform.

    Attributes:
        platform: or ``pooled``.
        rows: texts.
        macro_f1: hateful or not, as each data set means it, at 0.5.
        auroc: of the same question.
        three_way: macro-F1 over the labels, on the data sets that know all; None without any.
        log_loss: of the labels, also of those that are known in part; in nats.
        better: how much larger ``macro_f1`` is than that of the adapter over all data.
        low: of its 95 % paired bootstrap interval.
        high: likewise.
    """

    platform: str
    rows: int
    macro_f1: float
    auroc: float
    three_way: float | None
    log_loss: float
    better: float = 0.0
    low: float = 0.0
    high: float = 0.0


def calibrated(
    scorer: MixtureScorer, held_out: Lesson, truth: Floats, groups: np.ndarray, test: Test
) -> Floats:
    """Return a method's probabilities of test texts, calibrated on validation texts.

    Args:
        scorer: the method.
        held_out: validation texts.
        truth: what is known of their labels, shape (texts, labels).
        groups: their platforms, which count alike.
        test: test texts.
    """
    known = truth.sum(axis=1) > 0
    logits = scorer.logits(held_out.texts)[known]
    rows = evenly(groups[known].tolist())
    calibration = fit_calibration(logits[rows], truth[known][rows], method="bcts")
    return calibration.apply(scorer.logits(test.texts))


def measured(
    probabilities: Floats, reference: Floats, test: Test, labels: LabelSet, platform: str
) -> Figures:
    """Measure a method on the texts of a platform, or on all of them.

    Args:
        probabilities: of the method, shape (test texts, labels).
        reference: of the adapter over all data.
        test: test texts.
        labels: the classes.
        platform: its name, or ``pooled``.
    """
    chosen = (test.platforms == platform) | (platform == ALL_TEXTS)
    own, mine, theirs = test.of(chosen), probabilities[chosen], reference[chosen]
    answers = _answers(mine, own)
    exact = answers.exact().summary
    drawn, other = (
        each.resampled(RESAMPLES, seed=0).summary["macro_f1"]
        for each in (answers, _answers(theirs, own))
    )
    low, high = np.percentile(drawn - other, [2.5, 97.5])
    better = exact["macro_f1"][0] - _answers(theirs, own).exact().summary["macro_f1"][0]
    return Figures(
        platform,
        len(own.texts),
        float(exact["macro_f1"][0]),
        float(exact["auroc"][0]),
        _three_way(mine, own, labels),
        log_loss(mine, own.classes),
        float(better),
        float(low),
        float(high),
    )


def _answers(probabilities: Floats, test: Test) -> Answers:
    """Ask whether texts are hateful as their data sets mean it."""
    hateful = np.clip((probabilities * test.meant).sum(axis=1), 0.0, 1.0)
    truth = [POOLED.names[int(each)] for each in test.hateful]
    return Answers.checked(truth, np.stack([1 - hateful, hateful], axis=1), POOLED)


def _three_way(probabilities: Floats, test: Test, labels: LabelSet) -> float | None:
    known = np.isclose(test.classes.sum(axis=1), 1.0)
    # not data sets that know one label for sure alone: its share would not be that of the platform
    whole = [name for name in set(test.sources.tolist()) if known[test.sources == name].all()]
    single = np.isin(test.sources, whole)
    if not single.any():
        return None
    truth = [labels.names[column] for column in test.classes[single].argmax(axis=1)]
    exact = Answers.checked(truth, probabilities[single], labels).exact()
    return float(exact.summary["macro_f1"][0])
