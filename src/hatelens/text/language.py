"""Which language a text is in, where that is sure."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hatelens.text.cleaning import clean
from hatelens.text.words import is_word

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

MOST = 2000
"""Characters of a text that are looked at."""

NAMES: dict[str, str] = json.loads(
    Path(__file__).with_name("languages.json").read_text(encoding="utf-8")
)
"""ISO 639-1 codes that a text can be given, with the English names."""

ALPHABETS = (
    (0x0370, "el"),
    (0x0400, "ru uk bg sr mk be kk ky mn tg tt ba"),
    (0x0530, "hy"),
    (0x0590, "he"),
    (0x0600, "ar fa ur ps ug ku"),
    (0x0700, ""),
    (0x0750, "ar fa ur ps ug ku"),
    (0x0780, ""),
    (0x0900, "hi mr ne sa"),
    (0x0980, "bn as"),
    (0x0A00, "pa"),
    (0x0A80, "gu"),
    (0x0B00, "or"),
    (0x0B80, "ta"),
    (0x0C00, "te"),
    (0x0C80, "kn"),
    (0x0D00, "ml"),
    (0x0D80, "si"),
    (0x0E00, "th"),
    (0x0E80, "lo"),
    (0x0F00, ""),
    (0x1000, "my"),
    (0x10A0, "ka"),
    (0x1100, "ko"),
    (0x1200, "am"),
    (0x13A0, ""),
    (0x1780, "km"),
    (0x1800, ""),
    (0x3040, "zh ja"),
    (0x3100, ""),
    (0x3400, "zh ja"),
    (0xA000, ""),
    (0xAC00, "ko"),
    (0xD7B0, ""),
)
"""Where an alphabet begins in Unicode, and the languages written in it; up to the next one."""
_BEGINS = [begin for begin, _ in ALPHABETS]

_MARKS = re.compile(r"https?://\S+|www\.\S+|<[^<>\s]*>|\[[A-Z]+\]|[@#&][\w#]+;?|\b(?:RT|http)\b")
_WORDS = re.compile(r"([^\W\d_]+)(?:'[^\W\d_]+)?")  # of "don't" only the beginning


def language(text: str) -> str:
    """Return the ISO 639-1 code of a text's language where it is sure, else an empty string.

    Links, hashtags and names of users do not count. What needs three letters of one alphabet, if
    it is not the Latin one, needs three different words and twelve letters: there, more than
    half of the words being English makes a text English, and any other language takes a
    probability of 0.5 by py3langid, with at most 0.05 for English.

    Args:
        text: as its author wrote it; the first 2,000 characters are looked at.
    """
    text = text[:MOST]
    if not text.isascii():
        text = clean(text).text  # letters that only look foreign are Latin after it
    words: list[str] = _WORDS.findall(_MARKS.sub(" ", text))
    letters = "".join(words)
    codes, count = _alphabet(letters)
    if codes and count >= 3 and 2 * count > len(letters):
        return _of_alphabet(codes, " ".join(words))
    return _in_latin_letters([word for word in words if not _alphabet(word)[0]])


def _alphabet(letters: str) -> tuple[list[str], int]:
    """Return the languages of the most frequent alphabet but the Latin one, and its letters."""
    if letters.isascii():
        return [], 0
    others = (ord(letter) for letter in letters if ord(letter) >= _BEGINS[0])
    found = Counter(ALPHABETS[bisect_right(_BEGINS, letter) - 1][1] for letter in others)
    for alphabet, count in found.most_common(1):
        return alphabet.split(), count
    return [], 0


def _of_alphabet(codes: list[str], text: str) -> str:
    """Return the likeliest of the languages that are written in an alphabet."""
    if len(codes) == 1:
        return codes[0]
    return next(code for code, _ in _identifier().rank(text) if code in codes)


def _in_latin_letters(words: list[str]) -> str:
    different = {word.lower() for word in words}
    if len(different) < 3 or sum(map(len, words)) < 12:
        return ""
    # Counting English words first is quick, spares most texts the model, and knows slang better.
    if 2 * sum(map(is_word, different)) > len(different):
        return "en"
    ranked = _identifier().rank(" ".join(words))
    (best, probability), english = ranked[0], dict(ranked)["en"]
    if probability < 0.5 or best not in NAMES or (best != "en" and english > 0.05):
        return ""
    return best


@cache
def _identifier() -> LanguageIdentifier:
    """Load the model when a text first needs it: that takes half a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
