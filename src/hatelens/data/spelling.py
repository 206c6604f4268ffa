"""Spelling tricks of people who hide words from filters, to train on any text with them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
Spans = tuple[tuple[int, int], ...]

WORD = re.compile(r"(?<![@#\w])[^\W\d_]{3,}(?!\w*/)")
"""Words that can be disguised: letters only, neither a user name nor a hashtag."""

LINK = re.compile(r"https?://\S+|www\.\S+")
LEET: Mapping[str, str] = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7"}
VOWELS = "aeiou"
SECOND_WORD = 0.35
"""How often a second word is disguised too."""


@dataclass(frozen=True)
class Disguised:
    """A text in disguise.

    Attributes:
        text: with its tricks.
        spans: the half-open character ranges that were given, where they are now.
    """

    text: str
    spans: Spans


@dataclass(frozen=True)
class Edit:
    """Replaces the characters ``begin`` to ``end`` of a text."""

    begin: int
    end: int
    new: str


def pick(rng: random.Random, things: Sequence[T]) -> T:
    """Draw one thing; of a generator only ``random()`` is the same in every version of Python."""
    return things[int(rng.random() * len(things))]


def shuffled(rng: random.Random, things: Sequence[T]) -> list[T]:
    """Return things in a drawn order, the same in every version of Python."""
    return [thing for _, _, thing in sorted((rng.random(), n, t) for n, t in enumerate(things))]


def disguise(
    text: str,
    rng: random.Random,
    *,
    spans: Sequence[tuple[int, int]] = (),
    tricks: Sequence[str] = (),
) -> Disguised:
    """Misspell one or two words of a text as people do who hide them.

    Words inside the spans go first; user names, hashtags and links are left alone.

    Args:
        text: any text; one without a word of three letters comes back as it is.
        rng: decides everything; only its ``random()`` is called.
        spans: half-open character ranges that carry the abuse.
        tricks: names from ``TRICKS`` to choose from; empty for all.
    """
    words = shuffled(rng, [match.span() for match in _words(text)])
    words.sort(key=lambda word: not _inside(word, spans))
    count = 2 if rng.random() < SECOND_WORD else 1
    edits = [
        edit
        for begin, end in words[:count]
        if (edit := TRICKS[pick(rng, tricks or list(TRICKS))](text, begin, end, rng))
    ]
    return _edited(text, edits, spans)


def _words(text: str) -> list[re.Match[str]]:
    links = [match.span() for match in LINK.finditer(text)]
    return [match for match in WORD.finditer(text) if not _inside(match.span(), links)]


def _inside(word: tuple[int, int], spans: Sequence[tuple[int, int]]) -> bool:
    return any(begin <= word[0] and word[1] <= end for begin, end in spans)


def _edited(text: str, edits: Sequence[Edit], spans: Sequence[tuple[int, int]]) -> Disguised:
    """Make the edits, the last first; of two that overlap the later one in the text stays."""
    moved = [tuple(span) for span in spans]
    limit = len(text)
    for edit in sorted(edits, key=lambda one: one.begin, reverse=True):
        if edit.end > limit:
            continue
        limit = edit.begin
        text = text[: edit.begin] + edit.new + text[edit.end :]
        moved = [(_place(begin, edit, 0), _place(end, edit, 1)) for begin, end in moved]
    return Disguised(text, tuple((begin, end) for begin, end in moved if begin < end))


def _place(at: int, edit: Edit, side: int) -> int:
    """Move a border of a span; one inside an edit goes to the edit's begin (0) or end (1)."""
    if at >= edit.end:
        return at + len(edit.new) - (edit.end - edit.begin)
    if at <= edit.begin:
        return at
    return edit.begin + (len(edit.new) if side else 0)


def _swap(text: str, begin: int, end: int, rng: random.Random) -> Edit:
    """Exchange two neighbouring letters, the first one left where it is."""
    at = begin + 1 + int(rng.random() * (end - begin - 2))
    return Edit(at, at + 2, text[at + 1] + text[at])


def _drop(_text: str, begin: int, end: int, rng: random.Random) -> Edit:
    at = begin + 1 + int(rng.random() * (end - begin - 2))
    return Edit(at, at + 1, "")


def _double(text: str, begin: int, end: int, rng: random.Random) -> Edit:
    at = begin + int(rng.random() * (end - begin))
    return Edit(at, at + 1, text[at] * 2)


def _leet(text: str, begin: int, end: int, rng: random.Random) -> Edit | None:
    """Write digits and signs for one or all letters that look like them."""
    places = [at for at in range(begin, end) if text[at].lower() in LEET]
    if not places:
        return None
    chosen = set(places if rng.random() < 0.5 else [pick(rng, places)])
    letters = [
        pick(rng, LEET[text[at].lower()]) if at in chosen else text[at] for at in range(begin, end)
    ]
    return Edit(begin, end, "".join(letters))


def _split(text: str, begin: int, end: int, rng: random.Random) -> Edit:
    """Put a space or a point into a word, or one between all of its letters."""
    mark = pick(rng, " .- ")
    if rng.random() < 0.3:
        return Edit(begin, end, mark.join(text[begin:end]))
    at = begin + 1 + int(rng.random() * (end - begin - 1))
    return Edit(at, at, mark)


def _join(text: str, begin: int, end: int, rng: random.Random) -> Edit | None:
    """Take the space before or after a word away."""
    places = [at for at in (begin - 1, end) if 0 <= at < len(text) and text[at] == " "]
    if not places:
        return None
    at = pick(rng, places)
    return Edit(at, at + 1, "")


def _stretch(text: str, begin: int, end: int, rng: random.Random) -> Edit | None:
    """Write a vowel three to five times."""
    places = [at for at in range(begin, end) if text[at].lower() in VOWELS]
    if not places:
        return None
    at = pick(rng, places)
    return Edit(at, at + 1, text[at] * (3 + int(rng.random() * 3)))


def _mask(_text: str, begin: int, end: int, rng: random.Random) -> Edit:
    """Hide one or all inner letters behind a star."""
    if rng.random() < 0.4:
        return Edit(begin + 1, end - 1, "*" * (end - begin - 2))
    at = begin + 1 + int(rng.random() * (end - begin - 2))
    return Edit(at, at + 1, pick(rng, "*#_*"))


Trick = Callable[[str, int, int, random.Random], Edit | None]
TRICKS: Mapping[str, Trick] = {
    "swap": _swap,
    "drop": _drop,
    "double": _double,
    "leet": _leet,
    "split": _split,
    "join": _join,
    "stretch": _stretch,
    "mask": _mask,
}
"""Name of a trick to what makes it of the word at ``begin`` to ``end``; None where it cannot."""
