"""Explains a score by leaving out one word at a time (leave-one-out occlusion)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from hatelens.models.detector import Span
from hatelens.text import clean

MAX_WORDS = 256
"""In a text of more words, neighbours are left out together, so that the work stays bounded."""
LEFT_OUT = {"method": "occlusion"}
"""What an explanation of this kind says of itself."""
SMALLEST = 0.01
"""A word that moves the score by less is not named."""

HatefulScores = Callable[[Sequence[str]], Sequence[float]]


def occlusion(text: str, score: HatefulScores) -> tuple[Span, ...]:
    """Find the words that carry the hateful score of a text.

    The score of a word is by how much ``hateful`` falls when the word is left out (Li et al. 2016,
    https://arxiv.org/abs/1612.08220). All variants are scored in one call.

    Args:
        text: one window of text.
        score: gives ``hateful``, 0-1, of several texts.

    Returns:
        Spans in the order of the text; empty where no word alone moves the score.
    """
    ranges = _ranges(text)
    if not ranges:
        return ()
    variants = [f"{text[:begin]} {text[end:]}" for begin, end in ranges]
    whole, *without = score([text, *variants])
    spans = (
        Span(begin, end, min(1.0, whole - rest))
        for (begin, end), rest in zip(ranges, without, strict=True)
    )
    return tuple(span for span in spans if span.score >= SMALLEST)


def _ranges(text: str) -> list[tuple[int, int]]:
    # Words of the cleaned text: what is written l i k e  t h i s is left out as one word.
    cleaned = clean(text)
    words = [cleaned.original_span(*match.span()) for match in re.finditer(r"\S+", cleaned.text)]
    size = -(-len(words) // MAX_WORDS)
    return [
        (words[first][0], words[min(first + size, len(words)) - 1][1])
        for first in range(0, len(words), size or 1)
    ]
