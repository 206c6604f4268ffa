"""Ways in which the same sentence is typed: small letters, no full stop, tags, links, typos."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from hatelens.data.grammar import capitalised
from hatelens.data.spelling import Disguised, disguise, pick

Phrases = Mapping[str, Sequence[str]]
LINK = "https://t.co/"
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
ENDS = ".!?"
MARKS = ("!", "!!", "...", "!!!", " lol", " smh")


def typed(text: Disguised, phrases: Phrases, rng: random.Random) -> Disguised:
    """Type a sentence as somebody on the net might; the spans move along.

    Every label gets the same treatment, so that the way of typing tells nothing.

    Args:
        text: a sentence and its spans.
        phrases: lists ``before``, ``after`` (whole sentences), ``opener``, ``tag`` and ``emoji``.
        rng: decides everything; only its ``random()`` is called.
    """
    for chance, way in WAYS:
        if rng.random() < chance:
            text = way(text, phrases, rng)
    return text


def prefixed(text: Disguised, prefix: str) -> Disguised:
    """Put something before a text."""
    moved = tuple((begin + len(prefix), end + len(prefix)) for begin, end in text.spans)
    return Disguised(prefix + text.text, moved)


def _suffixed(text: Disguised, suffix: str) -> Disguised:
    return replace(text, text=text.text + suffix)


def _opener(text: Disguised, phrases: Phrases, rng: random.Random) -> Disguised:
    opener = pick(rng, phrases["opener"])
    return prefixed(text, f"{opener} ")


def _before(text: Disguised, phrases: Phrases, rng: random.Random) -> Disguised:
    return prefixed(text, pick(rng, phrases["before"]) + " ")


def _after(text: Disguised, phrases: Phrases, rng: random.Random) -> Disguised:
    stop = "" if text.text[-1:] in ENDS else "."
    return _suffixed(text, f"{stop} {pick(rng, phrases['after'])}")


def _capitalised(text: Disguised, _phrases: Phrases, _rng: random.Random) -> Disguised:
    return _same_length(text, capitalised(text.text))


def _no_stop(text: Disguised, _phrases: Phrases, _rng: random.Random) -> Disguised:
    end = len(text.text.rstrip(ENDS))
    return _cut(text, end) if end else text


def _cut(text: Disguised, end: int) -> Disguised:
    return Disguised(text.text[:end], tuple((begin, min(last, end)) for begin, last in text.spans))


def _emphatic(text: Disguised, phrases: Phrases, rng: random.Random) -> Disguised:
    if text.text.endswith(("?", '"')):
        return text
    return _suffixed(_no_stop(text, phrases, rng), pick(rng, MARKS))


def _small(text: Disguised, _phrases: Phrases, _rng: random.Random) -> Disguised:
    return _same_length(text, text.text.lower())


def _capitals(text: Disguised, _phrases: Phrases, _rng: random.Random) -> Disguised:
    return _same_length(text, text.text.upper())


def _same_length(text: Disguised, other: str) -> Disguised:
    return replace(text, text=other) if len(other) == len(text.text) else text


def _plain(text: Disguised, _phrases: Phrases, _rng: random.Random) -> Disguised:
    """Take the apostrophes of short forms away ("dont")."""
    for at in [n for n, letter in enumerate(text.text) if letter == "'"][::-1]:
        head, tail = text.text[:at], text.text[at + 1 :]
        spans = tuple((begin - (begin > at), end - (end > at)) for begin, end in text.spans)
        text = Disguised(head + tail, spans)
    return text


def _typo(text: Disguised, _phrases: Phrases, rng: random.Random) -> Disguised:
    return disguise(text.text, rng, spans=text.spans, tricks=("swap", "drop", "double"))


def _tag(text: Disguised, phrases: Phrases, rng: random.Random) -> Disguised:
    return _suffixed(text, f" {pick(rng, phrases['tag'])}")


def _emoji(text: Disguised, phrases: Phrases, rng: random.Random) -> Disguised:
    return _suffixed(text, f" {pick(rng, phrases['emoji'])}")


def _link(text: Disguised, _phrases: Phrases, rng: random.Random) -> Disguised:
    return _suffixed(text, f" {LINK}{''.join(pick(rng, LETTERS) for _ in range(8))}")


def _user(text: Disguised, _phrases: Phrases, rng: random.Random) -> Disguised:
    return prefixed(text, "RT @user: " if rng.random() < 0.15 else "@user ")


Way = Callable[[Disguised, Phrases, random.Random], Disguised]
WAYS: Sequence[tuple[float, Way]] = (
    (0.10, _opener),
    (0.07, _before),
    (0.07, _after),
    (1.00, _capitalised),
    (0.25, _no_stop),
    (0.06, _emphatic),
    (0.08, _plain),
    (0.26, _small),
    (0.02, _capitals),
    (0.05, _typo),
    (0.06, _tag),
    (0.05, _emoji),
    (0.04, _link),
    (0.06, _user),
)
"""How often each way of typing is taken, in the order in which they are applied."""
