"""Single characters: what cannot be seen, what Unicode writes in several ways, and white space."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from hatelens.text.alignment import Edit, joined

_PICTURES = "\u00a9\u00ae\u2122\u203c-\u3299\U0001f000-\U0001faff"
_JOINING = "\u0600-\u08ff\u0900-\u1fff"  # scripts in which a (non-)joiner changes how a word reads
# Invisible: controls, bidi marks, soft hyphens, fillers, variation selectors, tags. Joiners stay
# inside emoji and in scripts that need them, a selector stays behind what it turns into an emoji,
# tags stay behind the black flag.
_UNSEEN = re.compile(
    "[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]"
    "|[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0100-\U000e01ef]+"
    f"|(?<![#*0-9{_PICTURES}])\ufe0f"
    f"|[\u200c\u200d](?![{_JOINING}{_PICTURES}])|(?<![{_JOINING}{_PICTURES}\ufe0f])[\u200c\u200d]"
    "|(?<![\U0001f3f4\U000e0000-\U000e007f])[\U000e0000-\U000e007f]+"
)
# All white space but one plain space inside the text, which is by far the most frequent.
_SPACES = re.compile(r"^[\s\u2800]+|[\s\u2800]{2,}|[^\S ]|\u2800| \Z")
_BEYOND_ASCII = re.compile(r"[!-~]?[^\x00-\x7f]+")
_QUOTES = {**dict.fromkeys("‘’‛ʼ´", "'"), **dict.fromkeys("“”„‟", '"'), "‐": "-", "‑": "-"}  # noqa: RUF001
_QUOTE = re.compile(f"[{''.join(_QUOTES)}]")
_MARKS = 8  # per letter; no script stacks more, and sorting a million of them is quadratic
_SHORT = 256  # a run that is quickly asked whether it is normalised, whatever it holds


def unseen(text: str) -> Iterator[Edit]:
    """Find characters without a shape, and halves of surrogate pairs (bad decoders leave them)."""
    if text.isascii() and text.isprintable():
        return
    yield from joined(
        Edit(match.start(), match.end(), _seen(match[0])) for match in _UNSEEN.finditer(text)
    )


def _seen(found: str) -> str:
    if not "\ud800" <= found[0] <= "\udfff":
        return ""
    if len(found) == 1:
        return "\ufffd"
    return found.encode("utf-16", "surrogatepass").decode("utf-16")


def spaces(text: str) -> Iterator[Edit]:
    """Find white space that is not one plain space between two other characters."""
    if text.isascii() and text.isprintable() and "  " not in text and text == text.strip():
        return
    for match in _SPACES.finditer(text):
        begin, end = match.span()
        wanted = "" if begin == 0 or end == len(text) else " "
        if match[0] != wanted:
            yield Edit(begin, end, wanted)


def letters(text: str) -> Iterator[Edit]:
    """Find letters that Unicode's NFKC form, typed quotes or fewer combining marks write plainly.

    Each letter is taken with its combining marks and by itself, so that offsets stay exact.
    """
    if text.isascii():
        return
    for match in _BEYOND_ASCII.finditer(text):
        run = match[0]
        if len(run) > _SHORT or _unusual(run):
            yield from joined(_folded(run, match.start()))


def _unusual(run: str) -> bool:
    normal = unicodedata.is_normalized("NFKC", run) and not _QUOTE.search(run)
    return not normal or any(map(unicodedata.combining, run))


def _folded(run: str, offset: int) -> Iterator[Edit]:
    for begin, end in _clusters(run):
        cluster = run[begin:end]
        plain = _plain(cluster[: _MARKS + 1])
        if plain != cluster:
            yield Edit(offset + begin, offset + end, plain)


def _clusters(run: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for i in range(1, len(run)):
        # Marks, and the vowels and finals of decomposed Hangul, continue a letter.
        if unicodedata.category(run[i])[0] != "M" and not "\u1160" <= run[i] <= "\u11ff":
            yield begin, i
            begin = i
    yield begin, len(run)


def _plain(cluster: str) -> str:
    if cluster in _QUOTES:
        return _QUOTES[cluster]
    folded = unicodedata.normalize("NFKC", cluster)
    if len(folded) == 1:
        return folded
    if (
        cluster == "\u2122" or folded[0] == " "
    ):  # "(TM)" and free-standing accents: no part of a word
        return cluster
    if _is_latin(folded[0]):  # what did not become one letter is decoration or disguise
        return folded[0] + "".join(c for c in folded[1:] if not unicodedata.combining(c))
    return folded


def _is_latin(character: str) -> bool:
    return character.isalpha() and (character < "\u0250" or "\u1e00" <= character < "\u1f00")
