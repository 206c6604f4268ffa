"""The kind ``mixture``: one base, several adapters, a gate that weighs them per text."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hatelens.errors import ModelError, unknown
from hatelens.labels import Floats
from hatelens.models import adapters, gate
from hatelens.models import manifest as manifests
from hatelens.models.adapters import Adapted
from hatelens.models.classifier import Classifier
from hatelens.models.gate import Gate
from hatelens.models.manifest import Manifest
from hatelens.models.routing import Routing, blended
from hatelens.models.windows import Range

ADAPTERS = "adapters"
"""Folder inside the model folder: each adapter is a model folder of its own."""


class MixtureScorer:
    """A ``Scorer`` over several adapters.

    Its logits are the logarithms of the blended probabilities (under ``cat``: the raw scores), so
    that a calibration fitted on them works as for every kind.

    Args:
        adapted: the base with its adapters.
        gate: weighs them.
        routing: which of them answer, and how.
    """

    def __init__(self, adapted: Adapted, gate: Gate, routing: Routing) -> None:
        self.adapted = adapted
        self.gate = gate
        self.routing = routing

    def weights(self, texts: Sequence[str]) -> Floats:
        """Return the weight of every adapter for cleaned texts, shape (texts, adapters)."""
        weighed = self.gate.names
        gated = (
            self.gate.weights(texts)
            if self.routing.by_gate
            else np.full((len(texts), len(weighed)), 1.0 / len(weighed))
        )
        return self.routing.weights(gated, weighed, self.adapted.names)

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return raw scores of cleaned texts, shape (texts, labels)."""
        weights = self.weights(texts)
        if self.routing.adds_updates:
            return self.adapted.combined(texts, weights)
        return blended(asked(self.adapted, texts, weights > 0), weights)

    def windows(self, text: str) -> list[Range]:
        """Cut a cleaned text into overlapping ranges that fit."""
        return self.adapted.windows(text)


def asked(adapted: Adapted, texts: Sequence[str], wanted: np.ndarray) -> Floats:
    """Ask each text's adapters for their raw scores, all in one pass.

    Args:
        adapted: the base with its adapters.
        texts: cleaned.
        wanted: whether an adapter is asked about a text, shape (texts, adapters).

    Returns:
        Shape (adapters, texts, labels); zeros where nobody asked.
    """
    rows, columns = np.nonzero(wanted)
    found = adapted.logits(
        [texts[row] for row in rows.tolist()], [adapted.names[each] for each in columns.tolist()]
    )
    made = np.zeros((len(adapted.names), len(texts), found.shape[1]))
    made[columns, rows] = found
    return made


def alone(model: Classifier, name: str) -> Classifier:
    """Return one adapter of a mixture as a detector of its own, with a version of its own.

    It shares the weights and the calibration of the mixture.

    Raises:
        ModelError: the mixture has no adapter of this name.
    """
    scorer, manifest = model.scorer, model.manifest
    assert isinstance(scorer, MixtureScorer)
    if name not in scorer.adapted.names:
        raise ModelError(unknown("adapter of the mixture", name, scorer.adapted.names))
    routing = Routing("one", adapter=name)
    settings = {**manifest.architecture, "routing": routing.to_dict()}
    return Classifier(
        MixtureScorer(scorer.adapted, scorer.gate, routing),
        replace(manifest, architecture=settings),
    )


def save(scorer: MixtureScorer, folders: Mapping[str, Path], folder: Path) -> tuple[str, ...]:
    """Write gate and adapters, and return the files that decide a score.

    Args:
        scorer: the mixture.
        folders: name to the adapter's model folder, copied in.
        folder: to write.
    """
    names = list(gate.save(scorer.gate, folder))
    for name, source in folders.items():
        target = folder / ADAPTERS / name
        shutil.copytree(source, target)
        inside = [manifests.FILE, *manifests.read(target).files]
        names += [f"{ADAPTERS}/{name}/{file}" for file in inside]
    return tuple(names)


def settings(scorer: MixtureScorer, gated: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest needs to open a mixture again, as plain JSON values.

    Args:
        scorer: the mixture.
        gated: from ``gate.settings``.
    """
    return {
        "adapters": list(scorer.adapted.names),
        "gate": dict(gated),
        "routing": scorer.routing.to_dict(),
    }


def load(folder: Path, manifest: Manifest) -> MixtureScorer:
    """Open a folder of this kind.

    Raises:
        ModelError: an adapter is missing or does not fit, or a base is not at hand.
    """
    values = manifest.architecture
    folders = {name: folder / ADAPTERS / name for name in values["adapters"]}
    for name, path in folders.items():
        if path.name != name or not path.is_dir():
            raise ModelError(f"{folder} lacks its adapter {name!r}; copy or train the model again.")
    opened = gate.load(folder, values["gate"])
    return MixtureScorer(adapters.opened(folders), opened, Routing.from_dict(values["routing"]))
