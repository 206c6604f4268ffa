"""Rows with the file and line that they come from, and what readers gather of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hatelens.data.card import Card
from hatelens.data.dataset import LeftOut, Reading
from hatelens.data.duplicates import digest
from hatelens.data.example import Example
from hatelens.data.files import Row, rows
from hatelens.data.readers import Located
from hatelens.errors import DataError, unknown

HALF = 0.5
TRUE = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0, "": 0.0}
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Place:
    """A row with the card that it is read by and the file that it is in, for messages."""

    card: Card
    path: Path
    row: Row
    split: str | None = None

    def text(self, column: str) -> str:
        """Return a value as text.

        Raises:
            DataError: the row has no such column.
        """
        try:
            return self.row.text(column)
        except KeyError:
            names = [str(name) for name in self.row.values]
            raise DataError(f"{self.where} {unknown('column', column, names)}") from None

    def number(self, column: str) -> float:
        """Return a value as a number; true counts as 1, false and nothing as 0.

        Raises:
            DataError: it is none.
        """
        found = self.text(column).strip()
        try:
            return TRUE[found.lower()] if found.lower() in TRUE else float(found)
        except ValueError:
            raise self.error(f"{column} is {found[:40]!r}, which is no number") from None

    @property
    def where(self) -> str:
        """Name file and line."""
        return f"{self.path}, line {self.row.line}:"

    def error(self, what: str) -> DataError:
        """Word a fault of this row."""
        return DataError(f"{self.where} {what}.")

    def left_out(self, why: str) -> LeftOut:
        """Record that this row is no example."""
        return LeftOut(self.path.name, self.row.line, why)


@dataclass
class Rows:
    """Examples and left-out rows while they are gathered; ids are made unique on the way."""

    examples: list[Example] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    _seen: Counter[str] = field(default_factory=Counter)

    def add(self, example: Example) -> None:
        """Keep an example; the second of an id gets ``-2`` behind it, and so on."""
        self._seen[example.id] += 1
        count = self._seen[example.id]
        self.examples.append(
            example if count == 1 else replace(example, id=f"{example.id}-{count}")
        )

    def reading(self) -> Reading:
        """Return what was gathered."""
        return Reading(tuple(self.examples), tuple(self.left_out))


def places(card: Card, files: Sequence[Located]) -> Iterator[Place]:
    """Yield the rows of files, each with where it is."""
    for file in files:
        for row in rows(file.path, card.layout):
            yield Place(card, file.path, row, file.split)


def text_id(text: str) -> str:
    """Make an id of a text, the same on every machine and in every order of the rows."""
    return digest([text])[:16]


def ranges(offsets: Sequence[int], length: int) -> Spans:
    """Join single character offsets into half-open ranges.

    Raises:
        ValueError: an offset lies outside of the text.
    """
    found: list[tuple[int, int]] = []
    for offset in sorted(set(offsets)):
        if not 0 <= offset < length:
            raise ValueError(offset)
        if found and found[-1][1] == offset:
            found[-1] = (found[-1][0], offset + 1)
        else:
            found.append((offset, offset + 1))
    return tuple(found)
