"""What training gives back, whatever the kind of model, and what it is trained from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hatelens import text as cleaning
from hatelens.config import paths
from hatelens.config.schema import Recipe
from hatelens.data import feed
from hatelens.data.corpus import Corpus
from hatelens.data.example import Example
from hatelens.data.scheme import parts
from hatelens.errors import DataError
from hatelens.labels import Floats, LabelSet, normalise, one_hot
from hatelens.models.classifier import Scorer
from hatelens.models.heads import Head, Outputs
from hatelens.models.manifest import Base, Source
from hatelens.text import Cleaned
from hatelens.text.alignment import untouched


@dataclass(frozen=True)
class Trained:
    """A trained model whose files lie in the work folder.

    Attributes:
        scorer: computes logits of cleaned texts.
        runtime: ``numpy`` or ``torch``.
        architecture: settings that rebuild it.
        files: names of the files that decide a score.
        base: its base model; None without one.
        heads: further heads, not yet calibrated.
        facts: what people want to know of the run (epochs, best loss).
    """

    scorer: Scorer
    runtime: str
    architecture: Mapping[str, Any]
    files: tuple[str, ...]
    base: Base | None = None
    heads: tuple[Head, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def outputs(self, texts: Sequence[str]) -> Outputs:
        """Return the raw scores of all heads for cleaned texts."""
        if self.heads:
            return self.scorer.outputs(texts)  # pyrefly: ignore[missing-attribute] -- a HeadScorer
        return Outputs(self.scorer.logits(texts), {})


@dataclass(frozen=True)
class Lesson:
    """Cleaned texts and what people said of them.

    Attributes:
        cleaned: the texts.
        classes: per text the share of each label, which sums to 1; or, where only several labels
            together are known, a 1 for each that may be true; or zeros where nothing is known.
            Shape (texts, labels).
        heads: what people said of each output of a further head, 0-1, NaN where nobody was asked;
            shape (texts, outputs).
        marks: marked ranges of each original text; None where nobody marked any.
        examples: the texts as they stand in their data sets, for what asks where they come from.
    """

    cleaned: Sequence[Cleaned]
    classes: Floats
    heads: Mapping[str, Floats] = field(default_factory=dict)
    marks: Sequence[Sequence[tuple[int, int]] | None] = ()
    examples: Sequence[Example] = ()

    @property
    def texts(self) -> list[str]:
        """The cleaned texts as strings."""
        return [one.text for one in self.cleaned]


@dataclass(frozen=True)
class Material:
    """What a trainer is given.

    Attributes:
        train: to learn from.
        held_out: to stop early by, to calibrate on and to report.
        held_out_truth: like ``held_out.classes``, but of labels where those are shares of votes.
        labels: the classes.
        heads: settings of the further heads.
        work: folder that the trainer writes its files to.
        resume: folder whose content outlives a killed run of the same recipe on the same data.
    """

    train: Lesson
    held_out: Lesson
    held_out_truth: Floats
    labels: LabelSet
    work: Path
    resume: Path
    heads: feed.Heads = field(default_factory=dict)


def material(
    corpus: Corpus,
    version: str,
    work: Path,
    *,
    soft: bool,
    heads: feed.Heads | None = None,
    resume: Path | None = None,
) -> Material:
    """Clean a corpus and turn its labels into targets.

    Args:
        corpus: what to learn from.
        version: of the cleaning, or ``none``.
        work: folder for the trainer's files.
        soft: whether votes count as shares; else the label has all the weight.
        heads: further heads of the model.
        resume: folder for what a resumed run needs; None for one inside ``work``.

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
    seen = {part for example in corpus.train if example.label for part in parts(example.label)}
    for name in corpus.labels.names:
        if name not in seen:
            raise DataError(
                f"No training text bears the label {name!r}; leave it out of data.labels, or add "
                "data that has it."
            )
    if not corpus.validation:
        raise DataError("No text is left for validation; give more data or a larger share.")
    return Material(
        lesson(corpus.train, corpus.labels, version, soft=soft, heads=heads),
        lesson(corpus.validation, corpus.labels, version, soft=soft, heads=heads),
        distributions(corpus.validation, corpus.labels, soft=False),
        corpus.labels,
        work,
        resume or work / "resume",
        heads or {},
    )


def lesson(
    examples: Sequence[Example],
    labels: LabelSet,
    version: str,
    *,
    soft: bool,
    heads: feed.Heads | None = None,
) -> Lesson:
    """Clean examples and turn what people said of them into targets (see ``Lesson``)."""
    harmless = [name for name in labels.names[:1] if not labels.is_hateful(name)]
    heads = heads or {}
    marked = {name for head in heads.values() if head.type == "spans" for name in head.train}
    return Lesson(
        [_clean(example.text, version) for example in examples],
        distributions(examples, labels, soft=soft),
        {
            name: feed.truths(examples, head, harmless)
            for name, head in heads.items()
            if head.type != "spans"
        },
        [example.spans if example.source in marked else None for example in examples],
        tuple(examples),
    )


def sources(corpus: Corpus) -> tuple[Source, ...]:
    """Return what a manifest says of the data sets of a corpus."""
    return tuple(
        Source(each.name, each.digest, each.licence, each.rows_train, each.rows_validation)
        for each in corpus.sources
    )


def distributions(examples: Sequence[Example], labels: LabelSet, *, soft: bool) -> Floats:
    """Return what is known of the label of each example, shape (examples, labels).

    A row is a distribution; or a 1 for each label of a partial one (``a|b``); or zeros.
    """
    rows = [_row(example, labels, soft=soft) for example in examples]
    return np.stack(rows) if rows else np.zeros((0, len(labels)))


def _row(example: Example, labels: LabelSet, *, soft: bool) -> Floats:
    if soft and example.votes:
        return normalise(example.votes)
    if example.label is None:
        return np.zeros(len(labels))
    return np.sum([one_hot(part, labels) for part in parts(example.label)], axis=0)


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


def _clean(text: str, version: str) -> Cleaned:
    return untouched(text) if version == "none" else cleaning.clean(text)


def resumed_in(recipe: Recipe, corpus: Corpus) -> Path:
    """Return the folder that a killed run of this recipe on these texts goes on from."""
    settings = recipe.model_dump_json(exclude={"out", "overwrite", "calibration", "thresholds"})
    content = f"{settings}{corpus.train_digest}{corpus.validation_digest}"
    return paths.cache() / "resume" / hashlib.sha256(content.encode()).hexdigest()[:16]
