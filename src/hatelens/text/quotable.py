"""The words of a text that can be quoted, and where a quotation stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

Range = tuple[int, int]

LONGEST = 60
"""Characters of one quotation at most."""
MOST = 2000
"""Words and signs of a text that can be quoted; what comes after them cannot."""
_PIECE = re.compile(r"\w{1,40}|[^\w\s]")
_LONE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class Quotable:
    """A text as words and signs, of which any run can be quoted.

    A quotation is written with single spaces and without lone surrogates, which no tokenizer
    reads; ``places`` finds the characters that it stands for.

    Attributes:
        text: as a model reads it.
    """

    text: str

    @cached_property
    def pieces(self) -> tuple[Range, ...]:
        """Half-open ranges of the words and signs, in order."""
        return tuple(match.span() for match in islice(_PIECE.finditer(self.text), MOST))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """What stands in the pieces."""
        return tuple(_sound(self.text[begin:end]) for begin, end in self.pieces)

    @cached_property
    def chunks(self) -> tuple[str, ...]:
        """The pieces with the single spaces between them: joined, the text as it is quoted."""
        found: list[str] = []
        for number, word in enumerate(self.words):
            apart = number > 0 and self.pieces[number - 1][1] < self.pieces[number][0]
            found += (" ", word) if apart else (word,)
        return tuple(found)

    def places(self, quotation: str) -> list[Range]:
        """Find where a quotation stands, letter by letter, as whole words.

        Returns:
            Half-open ranges of the text, not overlapping; empty where it does not stand there.
        """
        wanted = tuple(_PIECE.findall(_sound(quotation)))
        size, first, found = len(wanted), 0, list[Range]()
        while size and first + size <= len(self.words):
            if self.words[first : first + size] == wanted:
                found.append((self.pieces[first][0], self.pieces[first + size - 1][1]))
                first += size
            else:
                first += 1
        return found

    def quotations(self, marked: Sequence[bool]) -> Iterator[str]:
        """Yield quotations of the runs of marked pieces, cut where they would be too long.

        Args:
            marked: one entry per piece.
        """
        run = ""
        for number, word in enumerate(self.words):
            apart = number > 0 and self.pieces[number - 1][1] < self.pieces[number][0]
            longer = f"{run}{' ' if run and apart else ''}{word}"
            if run and (not marked[number] or len(longer) > LONGEST):
                yield run
                longer = word
            run = longer if marked[number] else ""
        if run:
            yield run


def _sound(text: str) -> str:
    return _LONE.sub("\ufffd", text)
