"""Floods of one letter: ``stuuuupid``, ``sooooo``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hatelens.text.alignment import Edit
from hatelens.text.words import is_word

_FLOOD = re.compile(r"([^\W\d_])\1\1+", re.IGNORECASE)
_HINT = re.compile(r"(\w)\1\1")
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST_KEPT = 3


def known(word: str) -> str | None:
    """Find the word in lower-case letters, with its floods cut to two or one letter; None: none."""
    if is_word(word):
        return word
    if not _FLOOD.search(word):
        return None
    shorter = (_cut(word, size) for size in (2, 1))
    return next((candidate for candidate in shorter if is_word(candidate)), None)


def floods(text: str) -> Iterator[Edit]:
    """Find floods: cut to the one or two letters that make a word, else to three letters."""
    if not _HINT.search(text.lower()):
        return
    for word in _WORD.finditer(text):
        if _FLOOD.search(word[0]):
            yield from _shortened(word[0], word.start())


def _shortened(word: str, offset: int) -> Iterator[Edit]:
    lower = word.lower()
    size = next((size for size in (2, 1) if is_word(_cut(lower, size))), _LONGEST_KEPT)
    for flood in _FLOOD.finditer(word):
        if len(flood[0]) > size:
            yield Edit(offset + flood.start(), offset + flood.end(), flood[0][:size])


def _cut(word: str, size: int) -> str:
    return _FLOOD.sub(lambda flood: flood[0][:size], word)
