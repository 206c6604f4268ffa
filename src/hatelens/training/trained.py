"""What training gives back, whatever the kind of model, and what it is trained from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hatelens import text as cleaning
from hatelens.data.corpus import Corpus
from hatelens.data.example import Example
from hatelens.errors import DataError
from hatelens.labels import Floats, LabelSet, normalise, one_hot
from hatelens.models.classifier import Scorer
from hatelens.models.manifest import Base


@dataclass(frozen=True)
class Trained:
    """A trained model whose files lie in the work folder.

    Attributes:
        scorer: computes logits of cleaned texts.
        runtime: ``numpy`` or ``torch``.
        architecture: settings that rebuild it.
        files: names of the files that decide a score.
        base: its base model; None without one.
        facts: what people want to know of the run (epochs, best loss).
    """

    scorer: Scorer
    runtime: str
    architecture: Mapping[str, Any]
    files: tuple[str, ...]
    base: Base | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Material:
    """Cleaned texts and target distributions.

    Attributes:
        texts: to learn from.
        targets: share of each label, rows sum to 1, shape (texts, labels).
        held_out: cleaned validation texts.
        held_out_targets: shape (held_out, labels).
        held_out_labels: column of the label of each validation text.
        work: folder that the trainer writes its files to.
    """

    texts: Sequence[str]
    targets: Floats
    held_out: Sequence[str]
    held_out_targets: Floats
    held_out_labels: Sequence[int]
    work: Path


def material(corpus: Corpus, version: str, work: Path, *, soft: bool) -> Material:
    """Clean a corpus and turn its labels into distributions.

    Args:
        corpus: what to learn from.
        version: of the cleaning, or ``none``.
        work: folder for the trainer's files.
        soft: whether votes count as shares; else the label has all the weight.

    Raises:
        DataError: no label counts as hateful, a label has no text to be learned from, or nothing
            is held out.
    """
    if not corpus.labels.hateful:
        some = ", ".join(corpus.labels.names[:8])
        raise DataError(
            f"Nothing says which labels count as hateful. There are {some}: name those that do, as "
            "in data.hateful=[LABEL]"
        )
    seen = {example.label for example in corpus.train}
    for name in corpus.labels.names:
        if name not in seen:
            raise DataError(
                f"No training text bears the label {name!r}; leave it out of data.labels, or add "
                "data that has it."
            )
    if not corpus.validation:
        raise DataError("No text is left for validation; give more data or a larger share.")
    return Material(
        [_clean(example.text, version) for example in corpus.train],
        distributions(corpus.train, corpus.labels, soft=soft),
        [_clean(example.text, version) for example in corpus.validation],
        distributions(corpus.validation, corpus.labels, soft=soft),
        [corpus.labels.index(str(example.label)) for example in corpus.validation],
        work,
    )


def distributions(examples: Sequence[Example], labels: LabelSet, *, soft: bool) -> Floats:
    """Return the share of each label per example, shape (examples, labels)."""
    rows = [
        normalise(example.votes) if soft and example.votes else one_hot(str(example.label), labels)
        for example in examples
    ]
    return np.stack(rows) if rows else np.zeros((0, len(labels)))


def class_weights(targets: Floats, mode: str) -> Floats:
    """Return the weight of each label, shape (labels,).

    Args:
        targets: shape (texts, labels).
        mode: ``balanced`` (texts / (labels x mass), as scikit-learn), ``sqrt`` (the square root of
            that, which costs less precision) or ``none``.
    """
    if mode == "none":
        return np.ones(targets.shape[1])
    mass = np.maximum(targets.sum(axis=0), 1e-9)
    balanced = len(targets) / (targets.shape[1] * mass)
    return np.sqrt(balanced) if mode == "sqrt" else balanced


def _clean(text: str, version: str) -> str:
    return text if version == "none" else cleaning.clean(text).text
