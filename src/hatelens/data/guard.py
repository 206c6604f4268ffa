"""The test splits of all data sets at hand, as sketches that training texts are held against."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hatelens.config import paths
from hatelens.data import catalog, duplicates
from hatelens.data.card import Card
from hatelens.data.dataset import Dataset
from hatelens.data.duplicates import Sketches
from hatelens.data.example import Example


@dataclass(frozen=True)
class Guard:
    """What must not be learned.

    Attributes:
        tests: the sketches of all tests, one data set after the other.
        names: the data set of each sketch.
    """

    tests: Sketches
    names: tuple[str, ...]

    def trespassers(self, examples: Sequence[Example], near_duplicate: float) -> Mapping[int, str]:
        """Find the examples that are near-duplicates of a test.

        Args:
            examples: what is to be trained on.
            near_duplicate: Jaccard similarity from which two texts count as near-duplicates.

        Returns:
            Index of an example to the first data set whose test it is a near-duplicate of.
        """
        texts = duplicates.sketch(duplicates.key(one.text) for one in examples)
        found = duplicates.near(texts, self.tests, near_duplicate)
        return {index: self.names[test] for index, test in enumerate(found.tolist()) if test >= 0}


def guard(own: Iterable[Dataset] = ()) -> Guard:
    """Gather the tests of every card whose data is at hand, and those of data sets of one's own.

    Sketches are kept in the cache folder by the content of the files, so that only the first call
    takes long.

    Args:
        own: data sets that no card describes, as files of one's own.
    """
    tests: dict[str, Sketches] = {}
    for name in catalog.names():
        card = catalog.card(name)
        if catalog.locate(card):
            tests[name] = _remembered(card)
    tests |= {whole.name: _sketch(whole) for whole in own}
    names = [name for name, test in tests.items() for _ in range(len(test))]
    return Guard(duplicates.join(list(tests.values())), tuple(names))


def _sketch(whole: Dataset) -> Sketches:
    keys = {duplicates.key(one.text): None for one in catalog.parts(whole)["test"]}
    return duplicates.sketch(keys)


def _remembered(card: Card) -> Sketches:
    """Return the sketches of a card's test from the cache, or make them and put them there."""
    path = paths.cache() / "tests" / f"{card.name}-{_fingerprint(card)}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as held:
            return Sketches(held["signatures"], held["flat"], held["offsets"])
    made = _sketch(catalog.load(card.name))
    _save(path, made)
    return made


def _save(path: Path, made: Sketches) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, signatures=made.signatures, flat=made.flat, offsets=made.offsets)
    partial.replace(path)  # whole or not at all, even where two runs write at once


def _fingerprint(card: Card) -> str:
    """Hash what a card's test depends on: its files, the card and the ways of splitting."""
    total = hashlib.sha256(f"{duplicates.VERSION} {catalog.SEED} {card.digest}".encode())
    for file in catalog.locate(card):
        with file.path.open("rb") as content:
            total.update(hashlib.file_digest(content, "sha256").digest())
    return total.hexdigest()[:16]
