"""What a model learns to explain from: groups, marked words and statements of training texts.

HateXplain tells the groups and the words of a text, Social Bias Frames the groups and what a text
implies; a data set of ``hatelens data annotate --explain`` tells all of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hatelens.data.example import Example
from hatelens.text import Cleaned
from hatelens.text.quotable import Quotable

GROUPS, REASON, WORDS = "affected_groups", "reason", "harmful_words"
"""Fields of an explanation, in the order in which they are written."""
MOST_GROUPS = 4
LONGEST_GROUP = 40
"""Characters of a group's name at most."""
MOST_QUOTES = 8
LONGEST_REASON = 200
"""Characters of the reason at most."""
Reasons = Mapping[tuple[str, str], str]
"""Data set and text to the reason that people, or a model, gave."""

NAMES: Mapping[str, str] = {
    "African": "black people",
    "Arab": "arab people",
    "Asexual": "asexual people",
    "Asian": "asian people",
    "Bisexual": "bisexual people",
    "Buddhism": "buddhist people",
    "Caucasian": "white people",
    "Christian": "christian people",
    "Disability": "disabled people",
    "Economic": "poor people",
    "Heterosexual": "straight people",
    "Hindu": "hindu people",
    "Hispanic": "latino people",
    "Homosexual": "gay people",
    "Indian": "indian people",
    "Indigenous": "indigenous people",
    "Islam": "muslim people",
    "Jewish": "jewish people",
    "Men": "men",
    "Minority": "minorities",
    "Other": "",
    "Refugee": "refugees",
    "Women": "women",
}
"""HateXplain's names of groups in plain words; "" is left out."""


@dataclass(frozen=True)
class Told:
    """Why a text is of its class.

    Attributes:
        groups: whom it affects, in plain words.
        reason: one sentence.
        quotes: its harmful words; None where nobody marked any.
    """

    groups: tuple[str, ...]
    reason: str
    quotes: tuple[str, ...] | None


def told(
    example: Example, cleaned: Cleaned, *, hateful: bool, harmless: bool, reasons: Reasons
) -> Told | None:
    """Return what a training text teaches of its explanation.

    Args:
        example: the text with its groups and marked characters.
        cleaned: as the model reads it.
        hateful: whether its label counts as hateful.
        harmless: whether its label says that it affects nobody.
        reasons: see ``data.reasons``.

    Returns:
        None where neither marked words nor a reason are known.
    """
    reason = reasons.get((example.source, example.text), "")
    if harmless:
        return Told((), tidy(reason) or "It attacks nobody.", ())
    if example.spans is None and not reason:
        return None
    groups = plain(example.targets)
    quotes = None if example.spans is None else marked(cleaned, example.spans)
    return Told(groups, tidy(reason) or _reason(groups, hateful=hateful), quotes)


def written(one: Told) -> str:
    """Write an explanation as it is generated: JSON without spaces between its parts.

    Where the harmful words are not known it ends in the middle of their name, so that nothing
    wrong is taught of them.
    """
    fields = {GROUPS: list(one.groups), REASON: one.reason, WORDS: list(one.quotes or ())}
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return text if one.quotes is not None else text[: text.rindex(WORDS) + len(WORDS)]


def plain(names: Iterable[str]) -> tuple[str, ...]:
    """Return names of groups in plain words, each once and not too many."""
    parts = [part.strip() for name in names for part in NAMES.get(name, name).split(",")]
    found = (_plain(part) for part in parts)
    return tuple(dict.fromkeys(name for name in found if len(name) > 1))[:MOST_GROUPS]


def _plain(name: str) -> str:
    spoken = re.sub(r"\bfolks\b", "people", name.lower()).replace("/", " or ")
    letters = "".join(char for char in spoken if char.isalpha() or char in " '-")
    return " ".join(letters.split())[:LONGEST_GROUP].strip(" '-")


def marked(cleaned: Cleaned, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return the words of a cleaned text that stand for marked characters of the original."""
    quotable = Quotable(cleaned.text)
    places = [cleaned.original_span(*piece) for piece in quotable.pieces]
    held = [any(b < end and begin < e for b, e in spans) for begin, end in places]
    return tuple(dict.fromkeys(quotable.quotations(held)))[:MOST_QUOTES]


def tidy(reason: str) -> str:
    """Return a reason as one line of bounded length without what JSON would have to escape."""
    plainly = reason.replace('"', "'").replace("\\", "/").encode("utf-8", "replace").decode()
    printable = "".join(char if char.isprintable() else " " for char in plainly)
    return " ".join(printable.split())[:LONGEST_REASON].strip()


def _reason(groups: Sequence[str], *, hateful: bool) -> str:
    verb = "attacks" if hateful else "is offensive about"
    if not groups:
        return "It is hateful." if hateful else "It is offensive, but attacks no group."
    *others, last = groups
    return f"It {verb} {', '.join(others) + ' and ' if others else ''}{last}."
