"""Further heads of a model beside its classes: attributes, attacked groups, marked characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from hatelens.errors import ModelError
from hatelens.labels import Floats
from hatelens.models.decision import sigmoid
from hatelens.models.windows import Range

HeadType = Literal["attributes", "targets", "spans"]
TYPES: tuple[HeadType, ...] = ("attributes", "targets", "spans")


@dataclass(frozen=True)
class Head:
    """One further head and how its raw scores become probabilities.

    Each output is calibrated on its own by Platt scaling, ``sigmoid(slope x logit + intercept)``
    (Platt 1999), because outputs are independent of each other.

    Attributes:
        name: as in the recipe.
        type: ``attributes`` and ``targets`` give one probability per output and text; ``spans``
            gives one per token.
        names: of the outputs; one for ``spans``.
        slopes: per output; empty for 1.
        intercepts: per output; empty for 0.
        thresholds: per output, the probability from which on it is said (a group named, a
            character marked); empty for 0.5.
    """

    name: str
    type: HeadType
    names: tuple[str, ...]
    slopes: tuple[float, ...] = ()
    intercepts: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for values in (self.slopes, self.intercepts, self.thresholds):
            if values and len(values) != len(self.names):
                raise ModelError(
                    f"The head {self.name!r} has {len(self.names)} outputs but {len(values)} "
                    "values of calibration; train it again."
                )

    def probabilities(self, logits: Floats) -> Floats:
        """Turn logits into probabilities.

        Args:
            logits: shape (..., outputs).

        Returns:
            The same shape, each in 0-1.
        """
        slopes = np.asarray(self.slopes or 1.0)
        intercepts = np.asarray(self.intercepts or 0.0)
        return sigmoid(logits * slopes + intercepts)

    def threshold(self, output: int = 0) -> float:
        """Return the probability from which on an output is said."""
        return self.thresholds[output] if self.thresholds else 0.5

    def to_dict(self) -> dict[str, Any]:
        """Return the head as plain JSON values."""
        return {
            "name": self.name,
            "type": self.type,
            "names": list(self.names),
            "slopes": list(self.slopes),
            "intercepts": list(self.intercepts),
            "thresholds": list(self.thresholds),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Head:
        """Read a head from a manifest."""
        return cls(
            name=values["name"],
            type=values["type"],
            names=tuple(values["names"]),
            slopes=tuple(map(float, values["slopes"])),
            intercepts=tuple(map(float, values["intercepts"])),
            thresholds=tuple(map(float, values["thresholds"])),
        )


@dataclass(frozen=True)
class TokenLogits:
    """What a spans head gives for one text.

    Attributes:
        offsets: character range of each token in the text that the scorer was given.
        logits: shape (tokens,).
    """

    offsets: Sequence[Range]
    logits: Floats


@dataclass(frozen=True)
class Outputs:
    """Everything that a model with further heads computes for some texts.

    Attributes:
        logits: of the classes, shape (texts, labels).
        heads: by name of the head, shape (texts, outputs); heads of type ``spans`` are not in it.
        tokens: of the spans head, one per text; empty without one.
    """

    logits: Floats
    heads: Mapping[str, Floats]
    tokens: Sequence[TokenLogits] = ()
