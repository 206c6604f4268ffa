"""The detector that every model folder opens as: cleaning, scores, calibration, decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hatelens import text as cleaning
from hatelens.errors import ModelError
from hatelens.labels import Floats, LabelSet
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction
from hatelens.models.manifest import Manifest
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


class Classifier:
    """A ``Detector`` from a scorer and the manifest of its folder.

    Args:
        scorer: computes the logits.
        manifest: labels, calibration, thresholds and cleaning.

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
        self.model_version = manifest.model_version
        self.policy_version = manifest.policy_version

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Label texts, in order, one prediction each."""
        if not texts:
            return []
        logits = self.logits(texts)
        probabilities = self.manifest.calibration.apply(logits)
        hateful = self.labels.hateful_probability(probabilities)
        return [
            self._prediction(row, float(score))
            for row, score in zip(probabilities, hateful, strict=True)
        ]

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return uncalibrated scores of uncleaned texts, shape (texts, labels)."""
        return self.scorer.logits([self._clean(text).text for text in texts])

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

    def _prediction(self, probabilities: Floats, hateful: float) -> Prediction:
        return Prediction(
            label=self.labels.names[int(probabilities.argmax())],
            hateful=hateful,
            decision=self.thresholds.decide(hateful),
            scores=dict(zip(self.labels.names, probabilities.tolist(), strict=True)),
            model_version=self.model_version,
            policy_version=self.policy_version,
        )
