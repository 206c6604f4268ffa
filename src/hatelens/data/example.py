"""One labelled text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Example:
    """One text of a data set with what people said of it.

    Attributes:
        id: unique within its data set and the same on every machine.
        text: as its author wrote it, uncleaned.
        label: the label in the scheme of its data set's card; None where there is none.
        votes: share of annotators per label, in the order of the card's labels; empty if unknown.
        group: what must not be torn apart by a split (a thread, an author); None to stand alone.
        split: the official split (``train``, ``validation``, ``test``); None where there is none.
        source: name of the data set's card.
        targets: groups that the text is about or attacks.
        attributes: share of people, 0-1, who found an attribute (``insult``, ``threat``, ...).
        spans: half-open character ranges that carry the hate; None where nobody marked any.
        meta: further columns that an evaluation asks for (``functionality``, ``platform``, ...).
    """

    id: str
    text: str
    label: str | None = None
    votes: tuple[float, ...] = ()
    group: str | None = None
    split: str | None = None
    source: str = ""
    targets: tuple[str, ...] = ()
    attributes: Mapping[str, float] = field(default_factory=dict)
    spans: tuple[tuple[int, int], ...] | None = None
    meta: Mapping[str, str] = field(default_factory=dict)
