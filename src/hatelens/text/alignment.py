"""A cleaned text that knows which characters of the original each of its characters stands for."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import NamedTuple


class Edit(NamedTuple):
    """Replace the half-open range ``begin`` to ``end`` of a text by ``text``.

    A replacement as long as what it replaces is aligned character by character; otherwise each of
    its characters stands for the whole range.
    """

    begin: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text with its alignment to the original.

    Attributes:
        text: the cleaned text.
        offsets: where each character begins in the original, and the length of the original;
            never decreasing, one more than ``text`` has characters.
        ends: where each character ends in the original, exclusive; never decreasing. What was
            removed between two characters belongs to neither.
    """

    text: str
    offsets: Sequence[int]
    ends: Sequence[int]

    def original_span(self, begin: int, end: int) -> tuple[int, int]:
        """Find the characters of the original behind a range of the cleaned text.

        Both ranges are half-open. A range that is not empty comes from one that is not empty.

        Raises:
            ValueError: the range does not lie within the cleaned text.
        """
        if not 0 <= begin <= end <= len(self.text):
            message = f"the range {begin}-{end} is not within a text of {len(self.text)} characters"
            raise ValueError(message)
        if begin == end:
            return self.offsets[begin], self.offsets[begin]
        return self.offsets[begin], self.ends[end - 1]


def untouched(text: str) -> Cleaned:
    """Align a text with itself, in constant time and memory."""
    return Cleaned(text, range(len(text) + 1), range(1, len(text) + 1))


def rewrite(draft: Cleaned, edits: Iterable[Edit]) -> Cleaned:
    """Apply edits, sorted and not overlapping, and carry the alignment to the original along."""
    edits = iter(edits)
    first = next(edits, None)
    if first is None:
        return draft
    pieces: list[str] = []
    offsets, ends = array("q"), array("q")
    done = 0
    for begin, end, text in chain((first,), edits):
        aligned = len(text) == end - begin
        kept = end if aligned else begin
        pieces += (draft.text[done:begin], text)
        offsets.extend(draft.offsets[done:kept])
        ends.extend(draft.ends[done:kept])
        if not aligned and text:
            offsets.extend(repeat(draft.offsets[begin], len(text)))
            ends.extend(repeat(draft.ends[end - 1], len(text)))
        done = end
    offsets.extend(draft.offsets[done:])
    ends.extend(draft.ends[done:])
    return Cleaned("".join((*pieces, draft.text[done:])), offsets, ends)


def joined(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Join neighbouring edits that are aligned character by character, which saves time."""
    waiting: list[Edit] = []
    for edit in edits:
        aligned = len(edit.text) == edit.end - edit.begin
        if waiting and not (aligned and edit.begin == waiting[-1].end):
            yield _joint(waiting)
            waiting.clear()
        if aligned:
            waiting.append(edit)
        else:
            yield edit
    if waiting:
        yield _joint(waiting)


def _joint(edits: Sequence[Edit]) -> Edit:
    return Edit(edits[0].begin, edits[-1].end, "".join(edit.text for edit in edits))
