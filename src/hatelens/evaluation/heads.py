"""How well the further heads of a model answer: attributes, attacked groups, marked characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from hatelens.config.encoder import HeadSettings
from hatelens.data import feed
from hatelens.data.card import Card
from hatelens.data.example import Example
from hatelens.evaluation import weighted
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.maps import Maps
from hatelens.evaluation.spans import SpanScores, measure_spans
from hatelens.evaluation.weighted import Bools
from hatelens.labels import Floats, LabelSet
from hatelens.models.detector import Prediction

Kind = Literal["attributes", "targets"]
KINDS: tuple[Kind, ...] = ("attributes", "targets")
TRUE = 0.5
"""From this share of people on an attribute counts as true."""


@dataclass(frozen=True)
class OutputScores:
    """How well one output of a head is found.

    Attributes:
        name: of the output.
        rows: texts for which its truth is known.
        positives: those of them where it is true, at least 1.
        threshold: the probability from which on it is said.
        auroc: area under the ROC curve.
        average_precision: area under the precision-recall steps.
        f1: at the threshold.
    """

    name: str
    rows: int
    positives: int
    threshold: float
    auroc: Estimate
    average_precision: Estimate
    f1: Estimate


@dataclass(frozen=True)
class HeadScores:
    """How well a head answers, over the texts whose truth is known.

    Attributes:
        kind: ``attributes`` or ``targets``.
        rows: texts for which the truth of any output is known.
        outputs: those that are true of any text.
        unmeasured: outputs that are true of no text, or that the data set says nothing of.
        macro_f1: mean over the outputs.
        micro_f1: over all pairs of text and output together.
        macro_auroc: mean over the outputs.
    """

    kind: Kind
    rows: int
    outputs: tuple[OutputScores, ...]
    unmeasured: tuple[str, ...]
    macro_f1: Estimate
    micro_f1: Estimate
    macro_auroc: Estimate


@dataclass(frozen=True)
class Truths:
    """What people said, read as training reads it (see ``data.feed``).

    A group is attacked where people name it in a text whose label is not harmless; in a harmless
    text nobody is; where nobody is named in another text, the truth is unknown. Harmless is what
    becomes the model's first label, if that one is not hateful.

    Attributes:
        examples: the texts, with labels and names of their data set.
        card: of the data set.
        maps: whose name is which of the model's.
        labels: the classes of the model.
    """

    examples: Sequence[Example]
    card: Card
    maps: Maps
    labels: LabelSet

    def of(self, kind: Kind, names: tuple[str, ...]) -> Floats:
        """Return the share of people, 0-1, nan where unknown, shape (texts, outputs)."""
        sources = {example.source for example in self.examples}
        train = {source: self.maps.of_head(kind, source, names) for source in sources}
        head = HeadSettings(type=kind, names=names, train=train)
        harmless = [name for name in self.labels.names[:1] if not self.labels.is_hateful(name)]
        return feed.truths([self._ours(one, head) for one in self.examples], head, harmless)

    def _ours(self, example: Example, head: HeadSettings) -> Example:
        """Keep the label where a head is fed from it, then bring it into the model's classes."""
        if example.source == self.card.name:
            example = feed.remembered(example, {head.type: head}, self.card)
        label_map = self.maps.of_labels(self.card.name, self.card.labels.names)
        return replace(example, label=label_map.get(example.label or "", example.label))


@dataclass(frozen=True)
class Asked:
    """What is known of one head on some texts.

    Attributes:
        kind: ``attributes`` or ``targets``.
        names: of the outputs.
        scores: of the model, shape (texts, outputs).
        truth: share of people, 0-1, nan where it is unknown, shape (texts, outputs).
        thresholds: per output.
    """

    kind: Kind
    names: tuple[str, ...]
    scores: Floats
    truth: Floats
    thresholds: tuple[float, ...]

    @property
    def positive(self) -> Bools:
        """Where an output is known to be true, shape (texts, outputs)."""
        return np.nan_to_num(self.truth) >= TRUE

    @property
    def columns(self) -> list[int]:
        """The outputs that are true of any text."""
        return np.flatnonzero(self.positive.any(axis=0)).tolist()

    def figures(self, weights: Floats) -> Floats:
        """Work out the figures for weights of shape (weightings, texts).

        Returns:
            Macro F1, micro F1 and macro AUROC; then AUROC, average precision and F1 of each of
            ``columns``; shape (3 + 3 x columns, weightings).
        """
        single = np.stack([self._output(weights, k) for k in self.columns])
        auroc, precision, both, either = np.moveaxis(single, 1, 0)
        # an output that is true of no text drawn enters no average
        f1 = np.where(np.isnan(precision), np.nan, weighted.ratio(both, either))
        micro = weighted.ratio(both.sum(axis=0), either.sum(axis=0))
        means = np.stack([weighted.mean(f1.T), micro, weighted.mean(auroc.T)])
        return np.concatenate([means, auroc, precision, f1])

    def _output(self, weights: Floats, k: int) -> Floats:
        """Return AUROC, average precision, and the two sides of F1, shape (4, weightings)."""
        rows = ~np.isnan(self.truth[:, k])
        drawn, positive, score = weights[:, rows], self.positive[rows, k], self.scores[rows, k]
        said = score >= self.thresholds[k]
        return np.stack(
            [
                weighted.auroc(drawn, positive, score),
                weighted.average_precision(drawn, positive, score),
                2 * drawn @ (positive & said).astype(np.float64),
                drawn @ (positive.astype(np.float64) + said),
            ]
        )


def measure_heads(
    truths: Truths, said: Sequence[Prediction], *, seed: int = 0, resamples: int = 500
) -> tuple[HeadScores, ...]:
    """Measure attributes and targets where the model gives them and the texts have them.

    Args:
        truths: what people said of the texts.
        said: what the model said of them.
        seed: of the bootstrap.
        resamples: of the texts, behind the intervals.
    """
    asked = [_asked(kind, truths, said) for kind in KINDS]
    return tuple(
        measure_head(one, seed=seed, resamples=resamples) for one in asked if one is not None
    )


def measure_head(asked: Asked, *, seed: int = 0, resamples: int = 500) -> HeadScores:
    """Measure one head of which at least one output is true of a text."""
    estimates = Estimate.drawn(asked.figures, len(asked.truth), seed=seed, resamples=resamples)
    macro_f1, micro_f1, macro_auroc, *single = estimates
    columns, known = asked.columns, ~np.isnan(asked.truth)
    outputs = tuple(
        OutputScores(
            name=asked.names[k],
            rows=int(known[:, k].sum()),
            positives=int(asked.positive[:, k].sum()),
            threshold=asked.thresholds[k],
            auroc=single[place],
            average_precision=single[place + len(columns)],
            f1=single[place + 2 * len(columns)],
        )
        for place, k in enumerate(columns)
    )
    unmeasured = tuple(name for k, name in enumerate(asked.names) if k not in columns)
    rows = int(known.any(axis=1).sum())
    return HeadScores(asked.kind, rows, outputs, unmeasured, macro_f1, micro_f1, macro_auroc)


def measure_marks(
    examples: Sequence[Example],
    said: Sequence[Prediction],
    *,
    seed: int = 0,
    resamples: int = 500,
) -> SpanScores | None:
    """Measure marked characters; None where the model marks none or nobody knows better."""
    rows = [
        ([(span.begin, span.end) for span in one.spans], example.spans)
        for example, one in zip(examples, said, strict=True)
        if example.spans is not None
    ]
    if not rows or not any(one.spans for one in said):
        return None
    marks, gold = zip(*rows, strict=True)
    return measure_spans(marks, gold, seed=seed, resamples=resamples)


def _asked(kind: Kind, truths: Truths, said: Sequence[Prediction]) -> Asked | None:
    names = tuple(dict.fromkeys(name for one in said for name in getattr(one, kind)))
    if not names:
        return None
    truth = truths.of(kind, names)
    if not (np.nan_to_num(truth) >= TRUE).any():
        return None
    scores = [[getattr(one, kind).get(name, 0.0) for name in names] for one in said]
    thresholds = tuple(truths.maps.threshold(kind, name) for name in names)
    return Asked(kind, names, np.array(scores), truth, thresholds)
