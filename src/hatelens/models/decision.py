"""From raw scores to decisions: applying a calibration and thresholds fitted elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from hatelens.errors import ModelError
from hatelens.labels import Floats

Decision = Literal["flag", "clear", "unsure"]
Method = Literal["none", "temperature", "bcts", "isotonic", "sigmoid"]


@dataclass(frozen=True)
class Calibration:
    """How raw scores become probabilities that can be believed.

    Attributes:
        method: ``none``; ``temperature`` (Guo et al. 2017, https://arxiv.org/abs/1706.04599);
            ``bcts``, a temperature and one bias per class (Alexandari, Kundaje and Shrikumar 2020,
            https://arxiv.org/abs/1901.06852); ``isotonic`` (one monotone curve per class, then
            renormalised; Zadrozny and Elkan 2002); or ``sigmoid``, each label on its own, for
            labels that are independent of each other.
        temperature: what the logits are divided by; above 0.
        knots: per class the curve's points (softmax probability, calibrated probability); only
            for ``isotonic``.
        biases: per class, what is added to the divided logits; only for ``bcts``.
    """

    method: Method = "none"
    temperature: float = 1.0
    knots: tuple[tuple[tuple[float, float], ...], ...] = ()
    biases: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise ModelError(f"A temperature must be above 0; found {self.temperature}.")

    def apply(self, logits: Floats) -> Floats:
        """Turn logits into class probabilities.

        Args:
            logits: shape (texts, labels).

        Returns:
            Shape (texts, labels); rows sum to 1 but for ``sigmoid``.
        """
        scaled = logits / self.temperature + np.asarray(self.biases or 0.0)
        if self.method == "sigmoid":
            return sigmoid(scaled)
        probabilities = softmax(scaled)
        if self.method != "isotonic":
            return probabilities
        curves = [np.asarray(curve, dtype=np.float64) for curve in self.knots]
        columns = [
            np.interp(probabilities[:, k], curve[:, 0], curve[:, 1])
            for k, curve in enumerate(curves)
        ]
        calibrated = np.clip(np.stack(columns, axis=1), 1e-6, 1.0)
        return calibrated / calibrated.sum(axis=1, keepdims=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as plain JSON values."""
        knots = [[list(point) for point in curve] for curve in self.knots]
        values = {"method": self.method, "temperature": self.temperature, "knots": knots}
        # left out where there are none, so that folders of before keep their model_version
        return values | ({"biases": list(self.biases)} if self.biases else {})

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Read a calibration from a manifest."""
        knots = tuple(
            tuple((float(x), float(y)) for x, y in curve) for curve in values.get("knots", ())
        )
        biases = tuple(float(bias) for bias in values.get("biases", ()))
        return cls(values["method"], float(values["temperature"]), knots, biases)


@dataclass(frozen=True)
class Thresholds:
    """Where ``hateful`` becomes a decision.

    Attributes:
        flag: flag from this score on, 0-1.
        clear: clear below this score, 0-1, at most ``flag``; between the two the answer is
            ``unsure`` and a person should look.
        target: the target that they were fitted to, as in ``fpr<=0.05``; empty if set by hand.
    """

    flag: float = 0.5
    clear: float = 0.5
    target: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.clear <= self.flag:
            raise ModelError(
                f"Thresholds need 0 <= clear <= flag; found clear={self.clear}, flag={self.flag}."
            )

    def decide(self, hateful: float) -> Decision:
        """Turn the probability that a text is hateful into a decision."""
        if hateful >= self.flag:
            return "flag"
        return "clear" if hateful < self.clear else "unsure"

    def to_dict(self) -> dict[str, Any]:
        """Return the thresholds as plain JSON values."""
        return {"flag": self.flag, "clear": self.clear, "target": self.target}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Thresholds:
        """Read thresholds from a manifest."""
        return cls(float(values["flag"]), float(values["clear"]), str(values.get("target", "")))


def softmax(logits: Floats) -> Floats:
    """Return the softmax over the last axis, stable for large logits."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def sigmoid(logits: Floats) -> Floats:
    """Return the logistic function, stable for large logits."""
    return np.exp(-np.logaddexp(0.0, -logits))
