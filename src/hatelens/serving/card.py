"""What a reviewer sees of one text: the text in pieces, whom it attacks, how old it is, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction, Span
from hatelens.storage import clock
from hatelens.storage.reviews import Item

STEPS = 5
"""Strengths of a mark."""
NAMED = 0.5
# A page holds no surrogates and shows no control characters; each becomes one that it shows.
PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"}
PICTURES |= dict.fromkeys(range(0xD800, 0xE000), 0xFFFD) | {0x7F: 0x2421}
AGES = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of the text.

    Attributes:
        text: the characters, as a page can show them.
        strength: how much they carried, 1 to 5; 0 for nothing.
    """

    text: str
    strength: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """One text and what is known of it.

    Attributes:
        item: of the queue.
        pieces: the text; they follow each other without a gap.
        thresholds: where the score becomes a decision, in the item's community.
        targets: whom it attacks, the surest first, each 0-1.
        attributes: what else it is, likewise.
        age: how long ago it was answered.
        model: version that marks and explains; empty where none could.
        why: the explanation's method, groups and reason; empty without one.
    """

    item: Item
    pieces: tuple[Piece, ...]
    thresholds: Thresholds
    targets: tuple[tuple[str, float], ...]
    attributes: tuple[tuple[str, float], ...]
    age: str
    model: str = ""
    why: Mapping[str, Any] | None = None

    @property
    def marked(self) -> bool:
        """Whether any word is marked."""
        return any(piece.strength for piece in self.pieces)


def made(
    item: Item,
    text: str,
    thresholds: Thresholds,
    named: Mapping[str, float],
    *,
    now: int,
    prediction: Prediction | None = None,
) -> Card:
    """Lay out an item.

    Args:
        item: of the queue.
        text: its text, opened.
        thresholds: of its community.
        named: per attribute and target, the probability from which on it is said.
        now: microseconds since 1970 in UTC.
        prediction: that marks and explains; None where there is none.
    """
    scores = item.answer.scores
    return Card(
        item=item,
        pieces=pieces(text, prediction.spans if prediction else ()),
        thresholds=thresholds,
        targets=_said(scores.get("targets", {}), named),
        attributes=_said(scores.get("attributes", {}), named),
        age=age(now - item.answer.time),
        model=prediction.model_version if prediction else "",
        why=prediction.explanation if prediction else None,
    )


def pieces(text: str, spans: Sequence[Span]) -> tuple[Piece, ...]:
    """Cut a text where its marks begin and end; of marks that overlap, the first one stays."""
    shown = text.translate(PICTURES)
    strongest = max((span.score for span in spans), default=0.0) or 1.0
    found: list[Piece] = []
    done = 0
    for span in sorted(spans, key=lambda span: (span.begin, -span.score)):
        if span.begin < done or span.end <= span.begin or span.score <= 0:
            continue
        found.append(Piece(shown[done : span.begin]))
        strength = min(STEPS, 1 + int(STEPS * span.score / strongest))
        found.append(Piece(shown[span.begin : span.end], strength))
        done = span.end
    found.append(Piece(shown[done:]))
    return tuple(piece for piece in found if piece.text)


def age(microseconds: int) -> str:
    """Say how long ago something was, in the largest unit that fits."""
    seconds = microseconds // clock.SECOND
    for size, name in AGES:
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


def _said(scores: Mapping[str, float], named: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    sure = [(name, score) for name, score in scores.items() if score >= named.get(name, NAMED)]
    return tuple(sorted(sure, key=lambda pair: -pair[1]))
