"""The detector that every model folder opens as: cleaning, scores, calibration, decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from hatelens import text as cleaning
from hatelens.errors import ModelError
from hatelens.labels import Floats, LabelSet
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction
from hatelens.models.heads import Head, Outputs
from hatelens.models.manifest import Manifest
from hatelens.models.marks import spans
from hatelens.models.windows import Range
from hatelens.text.alignment import untouched


class Scorer(Protocol):
    """What a kind of model adds: logits for cleaned texts, and how much it reads at once."""

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return raw scores of cleaned texts, shape (texts, labels)."""
        ...

    def windows(self, text: str) -> list[Range]:
        """Cut a cleaned text into overlapping ranges that fit."""
        ...


class HeadScorer(Scorer, Protocol):
    """A scorer with further heads."""

    def outputs(self, texts: Sequence[str]) -> Outputs:
        """Return the raw scores of all heads for cleaned texts."""
        ...


class Classifier:
    """A ``Detector`` from a scorer and the manifest of its folder.

    Args:
        scorer: computes the logits; a ``HeadScorer`` where the manifest names further heads.
        manifest: labels, calibration, thresholds, heads and cleaning.

    Raises:
        ModelError: the model wants a cleaning that this version of hatelens does not have.
    """

    def __init__(self, scorer: Scorer, manifest: Manifest) -> None:
        if manifest.cleaning not in ("none", cleaning.VERSION):
            raise ModelError(
                f"The model was trained on texts of cleaning {manifest.cleaning!r}; this hatelens "
                f"has 'none' and {cleaning.VERSION!r}: install hatelens {manifest.package}."
            )
        self.scorer = scorer
        self.manifest = manifest
        self.labels: LabelSet = manifest.labels
        self.thresholds: Thresholds = manifest.thresholds
        self.languages: tuple[str, ...] = manifest.languages
        self.named: Mapping[str, float] = {
            name: head.threshold(output)
            for head in manifest.heads
            if head.type != "spans"
            for output, name in enumerate(head.names)
        }
        self.model_version = manifest.model_version
        self.policy_version = manifest.policy_version

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Label texts, in order, one prediction each."""
        if not texts:
            return []
        cleaned = [self._clean(text) for text in texts]
        outputs = self._outputs([each.text for each in cleaned])
        probabilities = self.manifest.calibration.apply(outputs.logits)
        hateful = self.labels.hateful_probability(probabilities)
        predictions = [
            self._prediction(row, float(score))
            for row, score in zip(probabilities, hateful, strict=True)
        ]
        return self._with_heads(predictions, outputs, cleaned)

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return uncalibrated scores of uncleaned texts, shape (texts, labels)."""
        return self.scorer.logits([self._clean(text).text for text in texts])

    def outputs(self, texts: Sequence[str]) -> Outputs:
        """Return uncalibrated scores of all heads for uncleaned texts."""
        return self._outputs([self._clean(text).text for text in texts])

    def windows(self, text: str) -> list[Range]:
        """Cut an uncleaned text into overlapping ranges that the model reads whole."""
        cleaned = self._clean(text)
        ranges = self.scorer.windows(cleaned.text)
        if len(ranges) == 1:
            return [(0, len(text))]
        begins = [0] + [cleaned.offsets[begin] for begin, _ in ranges[1:]]
        ends = [cleaned.offsets[end] for _, end in ranges[:-1]] + [len(text)]
        return list(zip(begins, ends, strict=True))

    def _clean(self, text: str) -> cleaning.Cleaned:
        if self.manifest.cleaning == "none":
            return untouched(text)
        return cleaning.clean(text)

    def _outputs(self, texts: Sequence[str]) -> Outputs:
        if self.manifest.heads:
            return self.scorer.outputs(texts)  # pyrefly: ignore[missing-attribute] -- a HeadScorer
        return Outputs(self.scorer.logits(texts), {})

    def _prediction(self, probabilities: Floats, hateful: float) -> Prediction:
        return Prediction(
            label=self.labels.names[int(probabilities.argmax())],
            hateful=hateful,
            decision=self.thresholds.decide(hateful),
            scores=dict(zip(self.labels.names, probabilities.tolist(), strict=True)),
            model_version=self.model_version,
            policy_version=self.policy_version,
        )

    def _with_heads(
        self,
        predictions: list[Prediction],
        outputs: Outputs,
        cleaned: Sequence[cleaning.Cleaned],
    ) -> list[Prediction]:
        for head in self.manifest.heads:
            if head.type == "spans":
                marked = [
                    spans(head, tokens, text)
                    for tokens, text in zip(outputs.tokens, cleaned, strict=True)
                ]
                predictions = [
                    replace(one, spans=found)
                    for one, found in zip(predictions, marked, strict=True)
                ]
                continue
            rows = head.probabilities(outputs.heads[head.name]).tolist()
            predictions = [
                _said(one, head, row) for one, row in zip(predictions, rows, strict=True)
            ]
        return predictions


def _said(prediction: Prediction, head: Head, row: Sequence[float]) -> Prediction:
    """Return a prediction with what a head of attributes or targets says."""
    values = dict(zip(head.names, row, strict=True))
    if head.type == "targets":
        return replace(prediction, targets={**prediction.targets, **values})
    return replace(prediction, attributes={**prediction.attributes, **values})
