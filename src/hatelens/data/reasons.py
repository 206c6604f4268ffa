"""The reasons that data sets hold beside their examples: why a text is of its class, in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from hatelens.data import catalog, files
from hatelens.data.explanations import REASON, Reasons

STATEMENTS = "social_bias_frames"
"""The reader whose files hold what a text implies, in the column ``targetStereotype``."""
EXPLANATION = "explanation"
"""The column of a file of one's own that holds an explanation."""


def read(names: Iterable[str]) -> Reasons:
    """Read the reasons of data sets; most hold none.

    Args:
        names: of cards, or files of one's own.

    Raises:
        DataError: a file is broken.
    """
    found: dict[tuple[str, str], str] = {}
    for name in names:
        if catalog.is_file(name):
            found |= _annotated(name)
        elif catalog.card(name).reader == STATEMENTS:
            found |= _implied(name)
    return found


def _implied(name: str) -> Reasons:
    """Return what most workers say that a post implies."""
    card = catalog.card(name)
    said: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for located in catalog.locate(card):
        for row in files.rows(located.path, card.layout):
            if statement := row.text("targetStereotype").strip():
                said[row.text("post")][statement] += 1
    return {
        (name, post): f"It implies: {counts.most_common(1)[0][0]}." for post, counts in said.items()
    }


def _annotated(name: str) -> Reasons:
    """Return the reasons in a file that ``hatelens data annotate --explain`` wrote."""
    found: dict[tuple[str, str], str] = {}
    for row in files.rows(Path(name)):
        text, record = row.values.get("text"), row.values.get(EXPLANATION)
        if isinstance(record, Mapping) and isinstance(text, str):
            found[name, text] = str(record.get(REASON) or "")
    return found
