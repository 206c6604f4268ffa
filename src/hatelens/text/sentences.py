"""Where the sentences of a text begin and end, by its punctuation and line breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A run of marks is looked at from its first mark only: else a million dots would take forever.
_END = re.compile(
    r"(?<![.!?\u2026])[.!?\u2026]++[\"')\]\u2019\u201d\u00bb]*+(?=\s)|[\u3002\uff01\uff1f]++|[\r\n]++"
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Cut a text after ``.``, ``!``, ``?`` and ``…`` before a space, and at line breaks.

    Names of abbreviations are not known to it: ``Dr. Who`` is two sentences.

    Args:
        text: of any length; the time is linear in it.

    Returns:
        Half-open character ranges in order, without the space around them; one over the whole
        text where it holds nothing else than space.
    """
    return list(_ranges(text)) or [(0, len(text))]


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    ends = [match.end() for match in _END.finditer(text)]
    for end in (*ends, len(text)):
        part = text[begin:end]
        if said := part.strip():
            first = begin + len(part) - len(part.lstrip())
            yield first, first + len(said)
        begin = end
