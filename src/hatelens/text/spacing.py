"""Words taken apart letter by letter: ``h a t e``, ``h.a.t.e``, ``h-a-t-e``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from hatelens.text import leet
from hatelens.text.alignment import Edit
from hatelens.text.words import word_ends

_ITEM = "[A-Za-z0-9@$]"
# At least three single letters or signs for them, all kept apart in the same way; not the end of
# a word like "it's" or the start of "5'6".
_RUN = re.compile(
    rf"(?<![^\W_])(?<![^\W_]'){_ITEM}( ?[.\-_*~·•,/|+] ?| ){_ITEM}(?:\1{_ITEM})+(?!'?[^\W_])"
)
_LONGEST = 12


def spaced(text: str) -> Iterator[Edit]:
    """Find what keeps the letters of a word apart, to be removed."""
    for match in _RUN.finditer(text):
        step = 1 + len(match[1])
        letters = match[0][::step]
        for begin, end in _words(letters):
            for i in range(begin, end - 1):
                gap = match.start() + i * step + 1
                yield Edit(gap, gap + step - 1, "")


def _words(letters: str) -> list[tuple[int, int]]:
    """Cut a run into words by the best sum of squared lengths; [] if they leave over a quarter."""
    begins = _best_begins(letters)
    cuts = [len(letters)]
    while cuts[-1] > 0:
        cuts.append(begins[cuts[-1]])
    words = [(begin, end) for begin, end in pairwise(reversed(cuts)) if end - begin > 1]
    sizes = [end - begin for begin, end in words]
    return words if max(sizes, default=0) > 2 and 4 * sum(sizes) >= 3 * len(letters) else []


def _best_begins(letters: str) -> list[int]:
    """Find where the last word begins in the best cut of every beginning of the run."""
    plain = letters.lower().translate(leet.READINGS[0]).encode()
    best = [0] * (len(letters) + 1)
    begins = list(range(-1, len(letters)))
    for begin in range(len(letters)):
        if best[begin] < best[begin - 1] and begin:
            best[begin], begins[begin] = best[begin - 1], begin - 1
        for end in word_ends(plain, begin, _LONGEST):
            score = best[begin] + (end - begin) ** 2
            if score > best[end] and _is_word(letters[begin:end]):
                best[end], begins[end] = score, begin
    if best[-1] < best[-2]:
        begins[-1] = len(letters) - 1
    return begins


def _is_word(piece: str) -> bool:
    """Tell whether what is a word in letters may be one as it is written."""
    if not piece.isalpha():
        return len(piece) > 3 and leet.reading(piece) is not None
    return not piece.isupper() or len(piece) > 3  # but not "U.S.A.", "R.I.P."
