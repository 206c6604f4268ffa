"""The texts of the benchmark: so many of each platform to learn from, all or some to test on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hatelens import text as cleaning
from hatelens.config.mixture import MixtureModel
from hatelens.config.schema import Recipe
from hatelens.data import catalog, splits
from hatelens.data import corpus as corpora
from hatelens.data.example import Example
from hatelens.data.scheme import mapped, mapping, parts
from hatelens.evaluation.weighted import Bools
from hatelens.labels import Floats, LabelSet
from hatelens.training import platforms
from hatelens.training.trained import Material, distributions, material

VALIDATION = 4
"""Of each platform there are this many times fewer validation texts than training texts."""


@dataclass(frozen=True)
class Test:
    """Texts that are tested on.

    Attributes:
        texts: cleaned.
        classes: what is known of their label (see ``Lesson.classes``), shape (texts, labels).
        hateful: whether they are hateful as their data set means it, shape (texts,).
        meant: the labels that their data set calls hateful, 0 or 1, shape (texts, labels).
        platforms: of each text.
        sources: of each text.
    """

    texts: Sequence[str]
    classes: Floats
    hateful: Bools
    meant: Floats
    platforms: np.ndarray
    sources: np.ndarray

    def of(self, chosen: Bools) -> Test:
        """Return some of the texts."""
        rows = np.flatnonzero(chosen).tolist()
        return Test(
            [self.texts[row] for row in rows],
            self.classes[chosen],
            self.hateful[chosen],
            self.meant[chosen],
            self.platforms[chosen],
            self.sources[chosen],
        )


def learned(recipe: Recipe, model: MixtureModel, texts: int | None, work: Path) -> Material:
    """Gather what is learned from.

    Args:
        recipe: names data sets and labels.
        model: names the platforms.
        texts: training texts of each platform at most; None for all.
        work: folder for what is trained.
    """
    whole = corpora.assemble(recipe.data, recipe.seed)
    fewer = replace(
        whole,
        train=_sampled(whole.train, model, texts, recipe.seed),
        validation=_sampled(
            whole.validation, model, None if texts is None else texts // VALIDATION, recipe.seed
        ),
    )
    return material(fewer, model.cleaning, work, soft=recipe.data.soft_labels)


def tested(recipe: Recipe, model: MixtureModel, labels: LabelSet, texts: int | None) -> Test:
    """Gather the test splits.

    Args:
        recipe: names data sets and labels.
        model: names the platforms.
        labels: the classes.
        texts: of each platform at most; None for all.
    """
    pairs = [pair for name in recipe.data.train for pair in _pairs(name, recipe, labels)]
    ours = [our for our, _ in pairs]
    where = platforms.of(ours, model.platforms)
    chosen = {id(one) for one in _sampled(ours, model, texts, recipe.seed)}
    rows = [row for row, one in enumerate(ours) if id(one) in chosen]
    examples = [ours[row] for row in rows]
    theirs = [pairs[row][1] for row in rows]
    return Test(
        [cleaning.clean(one.text).text for one in examples],
        distributions(examples, labels, soft=False),
        np.array([hateful for hateful, _ in theirs]),
        np.stack([meant for _, meant in theirs]),
        np.array([where[row] for row in rows]),
        np.array([one.source for one in examples]),
    )


Theirs = tuple[bool, Floats]
"""Whether a text is hateful as its data set means it, and which of our labels that may be."""


def _pairs(name: str, recipe: Recipe, labels: LabelSet) -> Iterator[tuple[Example, Theirs]]:
    """Give the test texts of a data set in our labels, and what its own say."""
    whole = catalog.load(name, split="test")
    names = mapping(whole.card, recipe.data, labels)
    meant = np.zeros(len(labels))
    for label in whole.card.labels.hateful:
        for part in parts(names[label]):
            meant[labels.index(part)] = 1.0
    for example in whole.examples:
        one = mapped(example, whole.card, names, labels, soft_labels=False)
        if one is not None and example.label is not None:
            yield one, (whole.card.labels.is_hateful(example.label), meant)


def _sampled(
    examples: Sequence[Example], model: MixtureModel, texts: int | None, seed: int
) -> tuple[Example, ...]:
    """Return at most so many texts of each platform, and none from nowhere, in order."""
    where = platforms.of(examples, model.platforms)
    kept: set[int] = set()
    for name in model.platforms:
        own = [one for one, place in zip(examples, where, strict=True) if place == name]
        kept |= {id(one) for one in splits.sample(own, texts or len(own), seed)}
    return tuple(one for one in examples if id(one) in kept)
