"""Words written with digits and signs for letters: ``h4te``, ``@ss``, ``1d10t``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from hatelens.text import floods
from hatelens.text.alignment import Edit
from hatelens.text.words import is_word

_SIGNS = "013456789@$€!|"
# A "1" may be an i or an l; one reading is tried after the other.
READINGS = tuple(str.maketrans(_SIGNS, letters) for letters in ("oieasgtbgaseii", "oleasgtbgaseil"))
_HINT = re.compile(r"[A-Za-z](?:[0-9@$€]|[!|][A-Za-z])|[0-9@$€!|][A-Za-z]")
_SIGN = re.compile(r"[0-9@$€!|]")
_TOKEN = re.compile(r"(?<!\w)[A-Za-z0-9@$€!|]+(?!\w)")
_UNITS = (
    "st|nd|rd|th|am|pm|a|p|k|m|b|bn|s|x|d|g|kg|mg|lbs?|oz|in|ft|km|cm|mm|mi|mph|kph|h|hrs?|mins?|secs?"
    "|yo|yrs?|mil|mn|pts?|[kmgt]b|[kmg]?hz|p|fps|w|v|c|f|e|er|ers|ish|pc|pk|ml|l|way|man|all|on"
)
# Numbers with a unit or with the letter O for zero, prices, dates, and codes such as "f16" or
# "B52s" are what they seem.
_AS_IT_SEEMS = re.compile(
    rf"\d+(?:{_UNITS})|[a-z]{{0,3}}[$€]\d.*|[a-z]{{1,2}}\d{{2,}}s?|\d+[a-z]\d*|\d+[\dol]+"
    r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\d+"
)
_LONGEST = 30


def leets(text: str) -> Iterator[Edit]:
    """Find tokens with digits and signs for letters that read as a word."""
    if not _SIGN.search(text) or not _HINT.search(text):
        return
    for match in _TOKEN.finditer(text):
        token = match[0].rstrip("!|@€")
        word = reading(token)
        if word and word != token:
            yield Edit(match.start(), match.start() + len(token), word)


@lru_cache(maxsize=4096)
def reading(token: str) -> str | None:
    """Read a token as a word of the same length; None where it hides none."""
    signs = sum(c in _SIGNS for c in token)
    plain = len(token) - signs
    if not signs or not plain or len(token) > _LONGEST or signs > plain + 1:
        return None
    if _AS_IT_SEEMS.fullmatch(token.lower()) or (token.isupper() and plain < max(3, signs + 1)):
        return None
    core = token.strip(_SIGNS.replace("$", "") + "2")
    if core != token and is_word(core.lower()):  # "world1", "@way": a word with something attached
        return None
    words = (token.lower().translate(table) for table in READINGS)
    found = next((word for word in words if _hidden(word, exactly=token[0] == "@")), None)
    return found and _cased(found, token)


def _hidden(word: str, *, exactly: bool) -> bool:
    if len(word) < 3 or not word.isalpha():
        return False
    return is_word(word) if exactly else floods.known(word) is not None


def _cased(word: str, token: str) -> str:
    if token.isupper():
        return word.upper()
    return "".join(t if t.isalpha() else w for w, t in zip(word, token, strict=True))
