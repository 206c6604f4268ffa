"""Letters of other alphabets, and letters in boxes, that are written for Latin ones."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from hatelens.text.alignment import Edit
from hatelens.text.words import is_word

_WORD = re.compile("(?:[^\\W\\d_]|[\U0001f150-\U0001f169\U0001f170-\U0001f189])+")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


def look_alikes(text: str) -> Iterator[Edit]:
    """Find words that mix alphabets, or are all look-alikes and read as an English word.

    A word stays if one of its letters looks like no Latin one. A word in one foreign alphabet
    stays, too, unless the text also has Latin words and nothing else in that alphabet.
    """
    if text.isascii():
        return
    used = set(text) - _ascii()
    if used.isdisjoint(_table()):
        return
    foreign = {_script(c) for c in used if c.isalpha() and c not in _table() and not _is_latin(c)}
    beside_latin = bool(_LATIN_WORD.search(text))
    for match in _WORD.finditer(text):
        word = match[0]
        plain = word if word.isascii() else _plain(word)
        if plain != word and (
            _mixed(word) or (beside_latin and _script(word[0]) not in foreign and _reads(plain))
        ):
            yield Edit(match.start(), match.end(), plain)


def _plain(word: str) -> str:
    table = _table()
    if not all(c in table or _is_latin(c) for c in word):
        return word
    plain = "".join(table.get(c, c) for c in word)
    return plain if len(word) > 2 or _reads(plain) else word  # but not units and formulas


def _mixed(word: str) -> bool:
    return any(map(_is_latin, word))


def _reads(plain: str) -> bool:
    return is_word(plain.lower())


def _is_latin(character: str) -> bool:
    return character < "\u0250" or "\u1e00" <= character < "\u1f00"


def _script(character: str) -> str:
    return unicodedata.name(character, "").split(" ", 1)[0]


@cache
def _ascii() -> frozenset[str]:
    return frozenset(map(chr, range(128)))


@cache
def _table() -> dict[str, str]:
    path = Path(__file__).with_name("look_alikes.json")
    groups: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return {look: letter for letter, looks in groups.items() for look in looks}
