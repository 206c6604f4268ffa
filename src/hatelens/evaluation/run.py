"""From a detector and a data set to a report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hatelens import __version__
from hatelens.data.dataset import Dataset
from hatelens.data.example import Example
from hatelens.evaluation import functional, weighted
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.functional import FunctionalTest
from hatelens.evaluation.groups import TARGET, GroupTable, by_group
from hatelens.evaluation.heads import Truths, measure_heads, measure_marks
from hatelens.evaluation.injection import InjectionTest, injection_test, is_injection
from hatelens.evaluation.maps import Maps
from hatelens.evaluation.metrics import Metrics, measure
from hatelens.evaluation.predictions import Predictions, predict
from hatelens.evaluation.report import Decisions, Report
from hatelens.evaluation.selection import Selection, select
from hatelens.labels import POOLED, Floats
from hatelens.models.classifier import Classifier
from hatelens.models.detector import Detector


def evaluate(
    detector: Detector,
    dataset: Dataset,
    *,
    split: str,
    limit: int | None = None,
    seed: int = 0,
    progress: bool = False,
    name: str = "",
    groups: Sequence[str] | None = None,
    resamples: int = 500,
    maps: Maps | None = None,
) -> Report:
    """Measure a detector on a split of a data set.

    Where the detector knows the data set's labels, or they are mapped to its own, its classes are
    measured; the pooled question, hateful or not as the data set means it, always is. Attributes,
    targets and spans are, where the detector gives them and the texts have them.

    Args:
        detector: of any kind.
        dataset: the data.
        split: ``train``, ``validation``, ``test``, or ``all``.
        limit: texts at most, a seeded sample; None for all.
        seed: of the sample and of the bootstrap.
        progress: show a bar on stderr.
        name: what to call the model; its version where it is empty.
        groups: columns to report groups of; None for the targets where the texts name any.
        resamples: bootstrap resamples behind the intervals.
        maps: how the words of data sets are read for this model.

    Raises:
        DataError: the split has no labelled text, or there is no such column.
        ModelError: the detector's scores do not fit.
    """
    selection = select(dataset, split, limit=limit, seed=seed)
    maps = maps or Maps()
    label_map = maps.of_labels(dataset.name, selection.labels.names)
    unread = _unparsable(detector)
    said = predict(detector, selection, name=name, progress=progress, label_map=label_map)
    unread = None if unread is None else (_unparsable(detector) or 0) - unread
    truths = Truths(selection.examples, dataset.card, maps, detector.labels)
    return Report(
        predictions=said,
        data=selection.data,
        data_digest=selection.digest,
        split=selection.split,
        left_out=selection.left_out,
        package_version=__version__,
        decisions=decisions(said, seed=seed, resamples=resamples),
        classes=_classes(said, selection.labels.names, seed=seed, resamples=resamples),
        pooled=_pooled(said, seed=seed, resamples=resamples),
        groups=_groups(selection.examples, said, groups),
        functional=_functional(dataset, selection.examples, said),
        heads=measure_heads(truths, said.said, seed=seed, resamples=resamples),
        spans=measure_marks(selection.examples, said.said, seed=seed, resamples=resamples),
        injection=_injection(detector, selection, said, seed=seed, resamples=resamples),
        unparsable=None if unread is None else min(1.0, unread / len(said.rows)),
    )


def _classes(
    said: Predictions, names: Sequence[str], *, seed: int, resamples: int
) -> Metrics | None:
    if not said.answers(names):
        return None
    own = said.classes()
    truth = [said.labels.names[column] for column in own.truth]
    return measure(truth, own.probabilities, said.labels, seed=seed, resamples=resamples)


def _pooled(said: Predictions, *, seed: int, resamples: int) -> Metrics:
    pooled = said.pooled()
    truth = [POOLED.names[column] for column in pooled.truth]
    return measure(truth, pooled.probabilities, POOLED, seed=seed, resamples=resamples)


def decisions(said: Predictions, *, seed: int = 0, resamples: int = 500) -> Decisions:
    """Work out what a model's thresholds do: how much is flagged, and how rightly."""
    made = np.array([row.decision for row in said.rows])
    truth, flagged, everything = said.truth, made == "flag", np.ones(len(made), dtype=bool)
    parts = {
        "flagged": (flagged, everything),
        "unsure": (made == "unsure", everything),
        "clear": (made == "clear", everything),
        "precision": (truth, flagged),
        "recall": (flagged, truth),
        "fpr": (flagged, ~truth),
    }

    def shares(weights: Floats) -> Floats:
        return np.stack([weighted.share(weights, *part) for part in parts.values()])

    estimates = Estimate.drawn(shares, len(made), seed=seed, resamples=resamples)
    return Decisions(**dict(zip(parts, estimates, strict=True)))


def _groups(
    examples: Sequence[Example], said: Predictions, columns: Sequence[str] | None
) -> tuple[GroupTable, ...]:
    if columns is None:
        columns = [TARGET] if any(example.targets for example in examples) else []
    return tuple(by_group(examples, said.truth, said.hateful, column=c) for c in columns)


def _functional(
    dataset: Dataset, examples: Sequence[Example], said: Predictions
) -> FunctionalTest | None:
    if not functional.is_functional(examples):
        return None
    baselines = functional.published(dataset.card)
    return functional.functional_test(examples, said.truth, said.hateful >= 0.5, baselines)


def _injection(
    detector: Detector, selection: Selection, said: Predictions, *, seed: int, resamples: int
) -> InjectionTest | None:
    if not is_injection(selection.examples):
        return None
    return injection_test(detector, selection, said, seed=seed, resamples=resamples)


def _unparsable(detector: Detector) -> int | None:
    """Return how many generated answers were no label so far; None where none is generated."""
    model = getattr(detector, "model", detector)
    if not isinstance(model, Classifier) or model.manifest.architecture.get("decode") != "generate":
        return None
    return getattr(model.scorer, "unparsable", None)
