"""What flagging must hold, in words such as ``precision>=0.9``: read, checked, compared."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from hatelens.errors import ConfigError, unknown
from hatelens.evaluation.weighted import Bools
from hatelens.labels import Floats

SIGNS = {"precision": ">=", "recall": ">=", "fpr": "<=", "review_budget": "="}
"""Each target's sign; ``review_budget=0.05`` flags at most that share of the texts."""

GRAMMAR = "Write precision>=0.9, recall>=0.8, fpr<=0.01 or review_budget=0.05."

_SHAPE = re.compile(r"\s*([a-z_]+)\s*(>=|<=|=)\s*([0-9.]+)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """A figure that flagging must reach on the validation texts.

    Attributes:
        metric: a key of ``SIGNS``.
        value: the share to reach or to stay under, above 0 and at most 1.
    """

    metric: str
    value: float

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read a target.

        Raises:
            ConfigError: it is misspelt or out of range; the message holds the grammar.
        """
        match = _SHAPE.fullmatch(text)
        if match is None:
            raise ConfigError(f"{text!r} is no target for thresholds. {GRAMMAR}")
        metric, sign, number = match[1].lower(), match[2], match[3]
        if metric not in SIGNS:
            raise ConfigError(unknown("threshold target", metric, SIGNS, do=GRAMMAR))
        if sign != SIGNS[metric]:
            raise ConfigError(f"{metric} takes {SIGNS[metric]}; found {text!r}. {GRAMMAR}")
        return cls(metric, _share(text, number))

    def holds(self, reached: Floats) -> Bools:
        """Say where a figure reaches the target; an undefined one (nan) does not."""
        slack = 1e-12  # a share such as 3/60 is no exact 0.05
        if SIGNS[self.metric] == ">=":
            return reached >= self.value - slack
        return reached <= self.value + slack

    def missed(self, reached: Floats) -> str:
        """Word that no threshold reaches the target, with the best figure that one does."""
        known = reached[~np.isnan(reached)]
        wanted = f"{self.metric}{SIGNS[self.metric]}{self.value:g}"
        if not known.size:
            kind = "text that is not hateful" if self.metric == "fpr" else "hateful text"
            return f"No threshold can be fitted to {wanted}: the validation data has no {kind}."
        best = known.max() if SIGNS[self.metric] == ">=" else known.min()
        return (
            f"No threshold reaches {wanted} on the validation data; the best is "
            f"{self.metric}={best:.3g}. Ask for that or less, or use more validation data."
        )


def _share(text: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        raise ConfigError(f"{number!r} in {text!r} is no number. {GRAMMAR}") from None
    if not 0.0 < value <= 1.0:
        raise ConfigError(f"A target is a share above 0 and at most 1; found {text!r}. {GRAMMAR}")
    return value
