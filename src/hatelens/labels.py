"""Label sets: names, soft labels, which labels count as hateful, and maps between schemes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hatelens.errors import DataError, unknown

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LabelSet:
    """The classes of a task, in the order of a model's outputs.

    Attributes:
        names: the labels; their order is the order of the columns of every score matrix.
        hateful: the labels whose probabilities add up to ``hateful``.
        multi: whether a text may bear several labels (independent probabilities).
    """

    names: tuple[str, ...]
    hateful: tuple[str, ...]
    multi: bool = False

    def __post_init__(self) -> None:
        check_names(self.names, "label")
        if len(set(self.names)) != len(self.names):
            raise DataError(f"Labels must differ from each other; found {list(self.names)}.")
        for name in self.hateful:
            if name not in self.names:
                raise DataError(unknown("label", name, self.names))

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Return the column of a label.

        Raises:
            DataError: the set has no such label.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise DataError(unknown("label", name, self.names)) from None

    def hateful_probability(self, probabilities: Floats) -> Floats:
        """Pool class probabilities into the probability that a text is hateful.

        Args:
            probabilities: shape (texts, labels), each in 0-1.

        Returns:
            Shape (texts,), in 0-1: the sum over the hateful labels, or their maximum where
            labels are independent.
        """
        columns = [self.index(name) for name in self.hateful]
        chosen = probabilities[:, columns]
        pooled = chosen.max(axis=1, initial=0.0) if self.multi else chosen.sum(axis=1)
        return np.clip(pooled, 0.0, 1.0)

    def is_hateful(self, name: str) -> bool:
        """Say whether a label counts as hateful."""
        return name in self.hateful

    def to_dict(self) -> dict[str, object]:
        """Return the set as plain JSON values."""
        return {"names": list(self.names), "hateful": list(self.hateful), "multi": self.multi}

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> LabelSet:
        """Read a set from JSON or YAML values.

        Raises:
            DataError: a label is not a string (YAML reads ``OFF`` and ``no`` as false).
        """
        names = check_names(values.get("names"), "label")
        hateful = check_names(values.get("hateful", ()), "hateful label")
        return cls(names, hateful, multi=bool(values.get("multi", False)))


def check_names(values: object, what: str) -> tuple[str, ...]:
    """Check that labels read from YAML or JSON are strings.

    Raises:
        DataError: one is not a string; the message names the cure.
    """
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise DataError(f"A list of {what} names is needed; found {values!r}.")
    for value in values:
        if isinstance(value, bool):
            words = "ON, YES or TRUE" if value else "OFF, NO or FALSE"
            raise DataError(
                f"A {what} was read as {value} because YAML takes {words} for a boolean; "
                'put it in quotes, as in "OFF".'
            )
        if not isinstance(value, str) or not value:
            raise DataError(f"Every {what} must be text; found {value!r}; put it in quotes.")
    return tuple(values)


def one_hot(label: str, labels: LabelSet) -> Floats:
    """Return the distribution that puts all weight on one label, shape (labels,)."""
    row = np.zeros(len(labels))
    row[labels.index(label)] = 1.0
    return row


def normalise(votes: Sequence[float]) -> Floats:
    """Turn vote counts into a distribution, shape (labels,).

    Raises:
        DataError: a count is negative or all are zero.
    """
    counts = np.asarray(votes, dtype=np.float64)
    if counts.min(initial=0.0) < 0 or counts.sum() <= 0:
        raise DataError(f"Votes must be counts of which one is positive; found {list(votes)}.")
    return counts / counts.sum()


POOLED = LabelSet(names=("not hateful", "hateful"), hateful=("hateful",))
"""The question that every data set and every model can answer: hateful or not."""
