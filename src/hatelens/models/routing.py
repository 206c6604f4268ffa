"""How a mixture shares a text out among its adapters: by the gate, alike, or to one alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from hatelens.errors import ModelError, unknown
from hatelens.labels import Floats

ALL = "all"
"""Name of the adapter that learned from the texts of all platforms."""
Kind = Literal["blend", "cat", "top_k", "one", "uniform", "all"]


@dataclass(frozen=True)
class Routing:
    """Which adapters answer a text, and how their answers become one.

    Attributes:
        kind: ``blend`` weighs the probabilities of all adapters by the gate, ``cat`` the updates
            of the weights, ``top_k`` the probabilities of the best ones; ``uniform`` weighs all
            alike, ``one`` and ``all`` ask one adapter.
        top_k: adapters that ``top_k`` keeps.
        adapter: the one that ``one`` asks.
    """

    kind: Kind = "blend"
    top_k: int = 2
    adapter: str | None = None

    @property
    def by_gate(self) -> bool:
        """Whether the gate is asked."""
        return self.kind in {"blend", "cat", "top_k"}

    @property
    def adds_updates(self) -> bool:
        """Whether the updates of the weights are added up, not the probabilities."""
        return self.kind == "cat"

    def weights(self, gated: Floats, weighed: Sequence[str], names: Sequence[str]) -> Floats:
        """Return the weight of every adapter for every text.

        Args:
            gated: what the gate says, shape (texts, weighed adapters); rows sum to 1.
            weighed: the adapters of its columns.
            names: all adapters.

        Returns:
            Shape (texts, names); rows sum to 1.

        Raises:
            ModelError: there is no adapter of the name that is asked for.
        """
        found = np.zeros((len(gated), len(names)))
        if self.kind in {"one", "all"}:
            found[:, _column(self.adapter if self.kind == "one" else ALL, names)] = 1.0
            return found
        columns = [_column(name, names) for name in weighed]
        found[:, columns] = self._shares(gated)
        return found

    def _shares(self, gated: Floats) -> Floats:
        if self.kind == "uniform":
            return np.full_like(gated, 1.0 / gated.shape[1])
        return top(gated, self.top_k) if self.kind == "top_k" else gated

    def to_dict(self) -> dict[str, Any]:
        """Return the routing as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Routing:
        """Read a routing from a manifest."""
        return cls(values["kind"], int(values["top_k"]), values["adapter"])


def top(weights: Floats, k: int) -> Floats:
    """Keep the ``k`` largest weights of each row, divided by their sum; the first of equals."""
    ranked = np.argsort(-weights, axis=1, kind="stable")[:, :k]
    kept = np.zeros_like(weights)
    np.put_along_axis(kept, ranked, np.take_along_axis(weights, ranked, axis=1), axis=1)
    return kept / kept.sum(axis=1, keepdims=True)


def blended(logits: Floats, weights: Floats) -> Floats:
    """Blend the class probabilities of several adapters.

    Args:
        logits: of each adapter, shape (adapters, texts, labels).
        weights: shape (texts, adapters); rows sum to 1, a weight may be 0.

    Returns:
        Logarithms of the blended probabilities, shape (texts, labels).
    """
    with np.errstate(divide="ignore"):
        shares = np.log(weights.T)[:, :, None]
    return np.logaddexp.reduce(shares + log_softmax(logits), axis=0)


def log_softmax(logits: Floats) -> Floats:
    """Return the logarithm of the softmax over the last axis."""
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def _column(name: str | None, names: Sequence[str]) -> int:
    if name is None or name not in names:
        raise ModelError(unknown("adapter of the mixture", name, names))
    return list(names).index(name)
