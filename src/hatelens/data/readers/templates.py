"""Writes data sets by sentence templates, the same on every machine."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Sequence

from hatelens.data import grammar, templates
from hatelens.data.card import Card
from hatelens.data.dataset import Reading
from hatelens.data.example import Example
from hatelens.data.grammar import Frame, Group
from hatelens.data.readers import Located
from hatelens.data.registers import typed
from hatelens.data.spelling import Disguised, disguise, pick, shuffled
from hatelens.data.templates import Function, Templates
from hatelens.errors import DataError, unknown

ATTRIBUTES = ("toxicity", "identity_attack", "insult", "profanity", "threat")
PROFANE = re.compile(
    r"\b(?:fuck|(?:bull)?shit|(?:god)?damn|bloody\b|freaking|frigging|ffs\b|hell\b|crap|arse|piss|"
    r"ass(?:hole|\b)|bastard|dick|dumbass|prick|wanker|screw\b|twat)",
    re.IGNORECASE,
)
VALIDATION = 8
"""Every eighth frame of a function is kept for validation where the set is for training."""

TRIES = 30
"""How often a frame may repeat itself before it is taken to have no more to say."""


def read(card: Card, files: Sequence[Located]) -> Reading:
    """Write the texts of a card by the templates in its files.

    Each text has its function, frame and the group's name (``term``) in ``meta``; ``targets`` where
    it attacks a group, ``spans`` where words carry abuse.

    Raises:
        DataError: a file holds no templates, a frame cannot be read, or a label is not the card's.
    """
    held = templates.load([file.path for file in files])
    for function in held.functions:
        if function.label not in card.labels.names:
            raise DataError(f"{card.name}: {unknown('label', function.label, card.labels.names)}")
    writer = Writer(card, held)
    return Reading(tuple(one for function in held.functions for one in writer.write(function)), ())


class Deck:
    """Groups in a drawn order, so that all names come equally often."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = groups
        self._cards: list[Group] = []

    def draw(self, frame: Frame, rng: random.Random) -> Group:
        """Draw the next group that a frame can name; there must be one."""
        while True:
            for at, group in enumerate(self._cards):
                if frame.takes(group):
                    return self._cards.pop(at)
            self._cards += shuffled(rng, self._groups)


class Writer:
    """Writes the texts of a card, none of them twice."""

    def __init__(self, card: Card, held: Templates) -> None:
        self._card, self._held = card, held
        self._decks = {name: Deck(held.groups) for name in card.labels.names}
        self._seen: set[str] = set()

    def write(self, function: Function) -> list[Example]:
        """Write a function's texts, its frames taking turns.

        A frame that has no more to say is passed over, so that there may be fewer than asked for.
        """
        rng = random.Random(f"{self._card.name} {function.name}")  # noqa: S311  # no secret
        found: list[Example] = []
        turns = list(function.frames)
        while turns and len(found) < function.count:
            frame = turns.pop(0)
            example = self._fresh(function, frame, rng)
            if example:
                found.append(example)
                turns.append(frame)
        return found

    def _fresh(self, function: Function, frame: Frame, rng: random.Random) -> Example | None:
        """Write a text that is not there yet; None where the frame has no more to say."""
        for _ in range(TRIES):
            groups = self._groups(function, frame, rng)
            text = Disguised(*grammar.write(frame, self._held.words, rng, groups))
            profane = PROFANE.search(text.text) is not None
            text = typed(text, self._held.phrases, rng)
            if function.tricks:
                text = disguise(text.text, rng, spans=text.spans, tricks=function.tricks)
            if text.text.lower() not in self._seen:
                self._seen.add(text.text.lower())
                present = function.attributes | ({"profanity"} if profane else set())
                return self._example(function, frame, text, groups, present)
        return None

    def _groups(self, function: Function, frame: Frame, rng: random.Random) -> tuple[Group, ...]:
        """Draw the group that a frame names, and another one of another target where it has two."""
        if not frame.forms:
            return ()
        first = self._decks[function.label].draw(frame, rng)
        if not frame.second:
            return (first,)
        others = [
            group
            for group in self._held.groups
            if group.target != first.target and frame.second <= group.forms.keys()
        ]
        return (first, pick(rng, others))

    def _example(
        self,
        function: Function,
        frame: Frame,
        text: Disguised,
        groups: Sequence[Group],
        present: frozenset[str],
    ) -> Example:
        hateful = self._card.labels.is_hateful(function.label)
        meta = {"functionality": function.name, "frame": frame.id}
        return Example(
            id=f"{function.name}-{hashlib.sha256(text.text.encode()).hexdigest()[:12]}",
            text=text.text,
            label=function.label,
            split="test" if self._card.test_only else _split(frame),
            source=self._card.name,
            targets=(groups[0].target,) if hateful and groups else (),
            attributes={name: float(name in present) for name in ATTRIBUTES},
            spans=text.spans,
            meta=meta | ({"term": groups[0].term} if groups else {}),
        )


def _split(frame: Frame) -> str:
    return "validation" if frame.number % VALIDATION == 0 else "train"
