"""A data set in memory: its examples, what was left out of it and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hatelens.data.card import Card
from hatelens.data.duplicates import digest
from hatelens.data.example import Example


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that did not become an example.

    Attributes:
        file: name of the file.
        line: where the row begins.
        why: what kept it out.
    """

    file: str
    line: int
    why: str


@dataclass(frozen=True)
class Reading:
    """What a reader made of the files of a card."""

    examples: tuple[Example, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Dataset:
    """The examples of a card or of one of its splits.

    Attributes:
        name: of the card, or of the file.
        card: how it was read.
        examples: in the order of the files.
        left_out: rows of the files that are no examples; of the whole card, not only of a split.
        digest: sha256 over ids, texts and labels.
    """

    name: str
    card: Card
    examples: tuple[Example, ...]
    left_out: tuple[LeftOut, ...]
    digest: str

    def __len__(self) -> int:
        return len(self.examples)


def make(card: Card, examples: Iterable[Example], left_out: Iterable[LeftOut]) -> Dataset:
    """Make a data set and its digest."""
    kept = tuple(examples)
    return Dataset(card.name, card, kept, tuple(left_out), contents_digest(kept))


def contents_digest(examples: Iterable[Example]) -> str:
    """Return the sha256 over ids, texts and labels, in order."""
    return digest(part for one in examples for part in (one.id, one.text, one.label or ""))


def reasons(left_out: Iterable[LeftOut]) -> Mapping[str, int]:
    """Count what was left out by why, the most frequent first."""
    return dict(Counter(row.why for row in left_out).most_common())
