"""Metrics of a classifier, each with a bootstrap interval; classes that do not exist stay out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from typing import Any

import numpy as np

from hatelens.errors import DataError, ModelError
from hatelens.evaluation import weighted
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.weighted import ClassRates, Ints
from hatelens.labels import Floats, LabelSet

SUMMARY = ("accuracy", "macro_f1", "weighted_f1", "auroc", "average_precision", "ece", "brier")
"""The figures over all classes, in the order in which they are shown."""

OVO = "auroc_ovo"
"""Mean AUROC of one class against one other (Hand and Till 2001), where there are more than two."""

LOWER_IS_BETTER = frozenset({"ece", "brier", "fpr", "fnr"})
"""Figures of which less is better."""


@dataclass(frozen=True)
class ClassScores:
    """How well one class is found.

    Attributes:
        label: the class.
        support: texts whose truth it is, at least 1.
        precision: undefined where the class was never predicted.
        recall: share of its texts that were found.
        f1: harmonic mean of the two; 0 where the class was never predicted.
    """

    label: str
    support: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True)
class Metrics:
    """Everything measured on one question.

    Attributes:
        rows: texts measured.
        names: the classes, in the order of ``confusion``.
        summary: the figures of ``SUMMARY`` and ``OVO``. ``auroc`` and ``average_precision`` are
            those of the hateful class where there are two classes, else the mean of one class
            against the rest; ``ece`` has 15 bins of equal width over the confidence of the top
            label; ``brier`` is 0-1 for two classes and 0-2 for more.
        classes: one entry per class that exists in the truth.
        absent: classes without a text; they enter no average.
        confusion: counts, rows are the truth and columns the predictions.
        resamples: bootstrap resamples behind the intervals.
        seed: of the resamples.
    """

    rows: int
    names: tuple[str, ...]
    summary: Mapping[str, Estimate]
    classes: tuple[ClassScores, ...]
    absent: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    resamples: int
    seed: int

    def __getitem__(self, name: str) -> Estimate:
        return self.summary[name]

    def to_dict(self) -> dict[str, Any]:
        """Return the metrics as plain JSON values."""
        values = asdict(self)
        values["summary"] = {name: asdict(figure) for name, figure in self.summary.items()}
        return values


@dataclass(frozen=True)
class Samples:
    """The figures for a number of weightings of the same texts.

    Attributes:
        summary: name of a figure to shape (weightings,).
        rates: per class, shape (weightings, classes).
    """

    summary: Mapping[str, Floats]
    rates: ClassRates

    @classmethod
    def joined(cls, parts: Sequence[Samples]) -> Samples:
        """Put chunks of weightings one after the other."""
        fields = ("support", "precision", "recall", "f1")
        rates = [np.concatenate([getattr(part.rates, name) for part in parts]) for name in fields]
        names = parts[0].summary
        summary = {name: np.concatenate([part.summary[name] for part in parts]) for name in names}
        return cls(summary, ClassRates(*rates))


@dataclass(frozen=True)
class Answers:
    """Truth and probabilities of one question, checked, ready to be weighted.

    Attributes:
        truth: column of the true class, shape (texts,).
        probabilities: shape (texts, classes).
        labels: the classes.
    """

    truth: Ints
    probabilities: Floats
    labels: LabelSet

    @classmethod
    def checked(cls, truth: Sequence[str], probabilities: Floats, labels: LabelSet) -> Answers:
        """Check that truth and probabilities belong together.

        Raises:
            DataError: there is no text, or a true label is not in the set.
            ModelError: the model gave another number of scores, or one that is no number.
        """
        shape = (len(truth), len(labels))
        if not truth:
            raise DataError("There is no labelled text to measure on; choose another split.")
        if probabilities.shape != shape:
            raise ModelError(f"Scores of shape {shape} are needed; found {probabilities.shape}.")
        if not np.isfinite(probabilities).all():
            row = int(np.flatnonzero(~np.isfinite(probabilities).all(axis=1))[0])
            raise ModelError(f"The model gave a score that is no number for text {row + 1}.")
        columns = {name: column for column, name in enumerate(labels.names)}
        index = [columns[name] if name in columns else labels.index(name) for name in truth]
        return cls(np.array(index, dtype=np.int64), probabilities.astype(np.float64), labels)

    @property
    def predicted(self) -> Ints:
        """Column of the most probable class, shape (texts,)."""
        return self.probabilities.argmax(axis=1)

    def ranked(self) -> list[int]:
        """Return the classes whose ranking is measured: the hateful one of two, else all."""
        hateful = self.labels.hateful
        if len(self.labels) == 2 and len(hateful) == 1:
            return [self.labels.index(hateful[0])]
        return list(range(len(self.labels)))

    def sample(self, weights: Floats) -> Samples:
        """Work out every figure for each weighting, shape (weightings, texts)."""
        truth, predicted, scores = self.truth, self.predicted, self.probabilities
        rates = weighted.class_rates(
            weighted.confusion(weights, truth, predicted, len(self.labels))
        )
        hits = predicted == truth
        confidence = np.clip(scores.max(axis=1), 0.0, 1.0)
        ranks = [(truth == k, scores[:, k]) for k in self.ranked()]
        summary = {
            "accuracy": weights @ hits.astype(np.float64) / weights.sum(axis=1),
            "macro_f1": weighted.mean(rates.f1),
            "weighted_f1": np.nansum(rates.f1 * rates.support, axis=1) / weights.sum(axis=1),
            "auroc": _averaged([weighted.auroc(weights, *rank) for rank in ranks]),
            "average_precision": _averaged(
                [weighted.average_precision(weights, *rank) for rank in ranks]
            ),
            "ece": weighted.ece(weights, hits, confidence),
            "brier": weighted.brier(weights, truth, scores),
        }
        if len(self.labels) > 2:
            summary[OVO] = _averaged([self._pair(weights, *two) for two in self._pairs()])
        return Samples(summary, rates)

    def _pairs(self) -> list[tuple[int, int]]:
        return list(permutations(range(len(self.labels)), 2))

    def _pair(self, weights: Floats, one: int, other: int) -> Floats:
        """Return how well one class is ranked above another, by its own score."""
        rows = np.isin(self.truth, (one, other))
        if not rows.any():
            return np.full(len(weights), np.nan)
        return weighted.auroc(
            weights[:, rows], self.truth[rows] == one, self.probabilities[rows, one]
        )

    def exact(self) -> Samples:
        """Work out every figure on the texts as they are, shape (1,) each."""
        return self.sample(np.ones((1, len(self.truth))))

    def resampled(self, resamples: int, seed: int) -> Samples:
        """Work out every figure on bootstrap resamples, shape (resamples,) each."""
        if resamples < 1:
            raise DataError(f"At least 1 resample is needed; found {resamples}.")
        chunks = weighted.draws(len(self.truth), resamples, seed)
        return Samples.joined([self.sample(chunk) for chunk in chunks])


def measure(
    truth: Sequence[str],
    probabilities: Floats,
    labels: LabelSet,
    *,
    seed: int = 0,
    resamples: int = 500,
) -> Metrics:
    """Measure a classifier's probabilities against the truth.

    Args:
        truth: the true label of each text.
        probabilities: shape (texts, labels); the most probable label is the prediction.
        labels: the classes, in the order of the columns.
        seed: of the bootstrap.
        resamples: bootstrap resamples of the texts.

    Returns:
        The figures with 95 % percentile intervals.

    Raises:
        DataError: there is no text, or a true label is not in the set.
        ModelError: the scores do not fit the texts.
    """
    answers = Answers.checked(truth, probabilities, labels)
    exact, drawn = answers.exact(), answers.resampled(resamples, seed)
    counts = weighted.confusion(
        np.ones((1, len(truth))), answers.truth, answers.predicted, len(labels)
    )[0]
    support = counts.sum(axis=1)
    return Metrics(
        rows=len(truth),
        names=labels.names,
        summary={n: Estimate.of(exact.summary[n], drawn.summary[n]) for n in exact.summary},
        classes=tuple(
            _class_scores(name, k, exact.rates, drawn.rates)
            for k, name in enumerate(labels.names)
            if support[k]
        ),
        absent=tuple(name for k, name in enumerate(labels.names) if not support[k]),
        confusion=tuple(tuple(int(cell) for cell in row) for row in counts),
        resamples=resamples,
        seed=seed,
    )


def _averaged(columns: list[Floats]) -> Floats:
    return weighted.mean(np.stack(columns, axis=1))


def _class_scores(name: str, column: int, exact: ClassRates, drawn: ClassRates) -> ClassScores:
    def estimate(field: str) -> Estimate:
        return Estimate.of(getattr(exact, field)[:, column], getattr(drawn, field)[:, column])

    support = int(exact.support[0, column])
    return ClassScores(name, support, estimate("precision"), estimate("recall"), estimate("f1"))
