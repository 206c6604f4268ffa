"""Cuts long texts into overlapping ranges, so that nothing is left unread."""

from __future__ import annotations

from collections.abc import Sequence

Range = tuple[int, int]


def by_characters(length: int, size: int, overlap: int) -> list[Range]:
    """Cut a text of ``length`` characters into ranges of ``size`` that share ``overlap``.

    Returns:
        Half-open ranges in order; one over all of it where it fits.
    """
    if length <= size:
        return [(0, length)]
    step = size - overlap
    starts = range(0, length - overlap, step)
    return [(start, min(start + size, length)) for start in starts]


def by_tokens(offsets: Sequence[Range], length: int, size: int, overlap: int) -> list[Range]:
    """Cut a text at token borders into ranges of at most ``size`` tokens that share ``overlap``.

    Args:
        offsets: character range of each token, in order.
        length: of the text, in characters.
        size: tokens per range.
        overlap: tokens that neighbours share.

    Returns:
        Half-open character ranges that together cover the whole text.
    """
    ranges = by_characters(len(offsets), size, overlap)
    begins = [0] + [offsets[first][0] for first, _ in ranges[1:]]
    ends = [offsets[last - 1][1] for _, last in ranges[:-1]] + [length]
    return list(zip(begins, ends, strict=True))
