"""What every kind of model gives: the record ``Prediction`` and the protocol ``Detector``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from hatelens.labels import LabelSet
from hatelens.models.decision import Decision, Thresholds

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of the original text that carried the score.

    Attributes:
        begin: first character.
        end: one past the last character.
        score: how much they carried, 0-1.
    """

    begin: int
    end: int
    score: float

    def shifted(self, offset: int) -> Span:
        """Return the span moved to the right, as when a window is put back into its text."""
        return Span(self.begin + offset, self.end + offset, self.score)


@dataclass(frozen=True, slots=True)
class Prediction:
    """The one answer of every model, the same in Python, on the command line and over HTTP.

    Attributes:
        label: the most probable class.
        hateful: summed probability of the labels that count as hateful, 0-1.
        decision: ``flag``, ``clear`` or ``unsure``, from ``hateful`` and the thresholds.
        scores: probability per label.
        model_version: same version, same scores.
        policy_version: same version, same decision.
        attributes: probability per attribute; empty where the model has no such head.
        targets: probability per attacked group; empty where the model has no such head.
        spans: what carried the score; empty unless the model marks spans or was asked to explain.
        explanation: how the spans came about, or words; None unless asked for.
        language: ISO 639-1 code of the text's language where that is sure; empty else.
        note: what a reader should know of this answer; empty if nothing.
    """

    label: str
    hateful: float
    decision: Decision
    scores: Mapping[str, float]
    model_version: str
    policy_version: str
    attributes: Mapping[str, float] = field(default_factory=dict)
    targets: Mapping[str, float] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    explanation: Mapping[str, Any] | None = None
    language: str = ""
    note: str = ""

    def shifted(self, offset: int) -> Prediction:
        """Return the prediction with its spans moved to the right."""
        return replace(self, spans=tuple(span.shifted(offset) for span in self.spans))

    def to_dict(self, text: str | None = None) -> Json:
        """Return the record as plain JSON values, the text first where it is given."""
        record: Json = {} if text is None else {"text": text}
        return record | {
            "label": self.label,
            "hateful": round(self.hateful, 6),
            "decision": self.decision,
            "scores": {name: round(score, 6) for name, score in self.scores.items()},
            "attributes": {name: round(score, 6) for name, score in self.attributes.items()},
            "targets": {name: round(score, 6) for name, score in self.targets.items()},
            "spans": [
                {"begin": span.begin, "end": span.end, "score": round(span.score, 6)}
                for span in self.spans
            ],
            "explanation": None if self.explanation is None else dict(self.explanation),
            "language": self.language,
            "note": self.note,
            "model_version": self.model_version,
            "policy_version": self.policy_version,
        }


class Detector(Protocol):
    """A model of any kind. Nothing above ``models`` knows more about it than this."""

    @property
    def labels(self) -> LabelSet:
        """The classes that ``scores`` holds."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes that it was trained on; empty if unknown."""
        ...

    @property
    def named(self) -> Mapping[str, float]:
        """Per attribute and target, the probability from which on it is said; empty without."""
        ...

    @property
    def model_version(self) -> str:
        """Hash over weights, tokenizer, calibration and cleaning."""
        ...

    @property
    def policy_version(self) -> str:
        """Hash over thresholds and community settings."""
        ...

    @property
    def thresholds(self) -> Thresholds:
        """Where ``hateful`` becomes a decision."""
        ...

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Label texts that each fit one window, in order, one prediction each."""
        ...

    def windows(self, text: str) -> list[tuple[int, int]]:
        """Cut a text into overlapping half-open character ranges that the model can read whole.

        A text that fits gives one range over all of it; together the ranges cover every character.
        """
        ...
