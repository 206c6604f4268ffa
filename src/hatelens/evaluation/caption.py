"""Names that came with data or models, made safe to show in tables, pages and pictures."""

from __future__ import annotations

import unicodedata

LONGEST = 60
"""Characters that a shown name has at most."""


def caption(name: object, longest: int = LONGEST) -> str:
    """Return a name on one line without control characters, cut where it is too long.

    Args:
        name: a label, a group, a file name: whatever a person or a file called something.
        longest: characters kept at most, the ellipsis included.

    Returns:
        The name with every control, surrogate and separator character shown as a space;
        ``(empty)`` where nothing is left.
    """
    head = str(name)[: 4 * longest]
    plain = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in head)
    words = " ".join(plain.split())
    short = words if len(words) <= longest else words[: longest - 1] + "…"
    return short or "(empty)"
