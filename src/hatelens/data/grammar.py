"""Grammars of sentences: frames with slots, choices and marked spans, and the words for them.

A frame is one line. ``{vermin}`` is a slot for a form of a word, ``{a vermin1}`` the same after
"a" or "an"; ``(one|two|)`` is a choice; ``[...]`` marks a span; ``~faith,origin`` in front keeps
the frame for groups of these kinds. Frames begin in small letters; ``capitalised`` comes later.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hatelens.data.spelling import Spans, pick
from hatelens.errors import DataError, unknown

GROUP_FORMS = ("groups", "one", "adj")
"""Forms of a group: the plural, one person, and the adjective."""

SECOND = "2"
"""Behind the form of another group than the first."""

BREAK = re.compile(r"(?:^|[.!?\n]\s+|[.!?]\"\s+)[\"'(]?([a-zà-ÿ])")
AN = re.compile(r"[aeiou]|hon(?:est|our)|hour|heir|LGBT", re.IGNORECASE)
NOT_AN = re.compile(r"eu|uni|us[eu]|one\b|once|ufo", re.IGNORECASE)
MARKS = re.compile(r"([{}()|\[\]])")


@dataclass(frozen=True)
class Group:
    """A group of people as a frame names it.

    Attributes:
        kind: what makes it a group (``faith``, ``origin``, ...).
        target: the group in the list of targets that it belongs to.
        forms: form to word; a form that it lacks is not there.
    """

    kind: str
    target: str
    forms: Mapping[str, str]

    @property
    def term(self) -> str:
        """Its plural, by which it is called in figures."""
        return self.forms["groups"]


@dataclass(frozen=True)
class Slot:
    """A place for a form of a word; ``article`` puts "a" or "an" before it."""

    form: str
    article: bool = False


@dataclass(frozen=True)
class Choice:
    """Alternatives of which one is drawn."""

    options: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True)
class Span:
    """A part that carries the abuse."""

    parts: tuple[Node, ...]


Node = str | Slot | Choice | Span
Filler = Callable[[str], str]


@dataclass(frozen=True)
class Frame:
    """A sentence with slots.

    Attributes:
        id: its function and number.
        parts: what it is made of.
        kinds: kinds of groups that it is for; empty for all.
        forms: forms of the group that it has slots for.
        second: likewise of another group (``{groups2}``).
    """

    id: str
    parts: tuple[Node, ...]
    kinds: tuple[str, ...] = ()
    forms: frozenset[str] = frozenset()
    second: frozenset[str] = frozenset()

    @property
    def number(self) -> int:
        """Its place among the frames of its function, from 1."""
        return int(self.id.rsplit("-", 1)[-1])

    def takes(self, group: Group) -> bool:
        """Say whether the frame can name a group."""
        return self.forms <= group.forms.keys() and (not self.kinds or group.kind in self.kinds)


@dataclass(frozen=True)
class Words:
    """The words of a grammar: form to list, a row of forms of one word sharing its place."""

    lists: Mapping[str, Sequence[str]]

    def draw(self, form: str, rng: random.Random, used: set[str]) -> str:
        """Draw a word that the text does not hold yet, where there is one."""
        word = pick(rng, self.lists[form])
        for _ in range(5):
            if word not in used:
                break
            word = pick(rng, self.lists[form])
        used.add(word)
        return word


@dataclass
class Draft:
    """A text while it is being written."""

    text: str = ""
    spans: list[tuple[int, int]] = field(default_factory=list)


def parse(line: str, name: str, words: Words) -> Frame:
    """Read a frame from its line.

    Raises:
        DataError: brackets do not match, or a slot has no words.
    """
    kinds: tuple[str, ...] = ()
    if line.startswith("~"):
        head, _, line = line.partition(" ")
        kinds = tuple(head[1:].split(","))
    tokens = [token for token in MARKS.split(line) if token]
    parts, rest = _sequence(tokens, 0)
    if rest != len(tokens):
        raise DataError(f"Frame {name} has {tokens[rest]!r} without its partner.")
    slots = {slot.form for slot in _slots(parts)}
    first = slots.intersection(GROUP_FORMS)
    second = {form for form in GROUP_FORMS if form + SECOND in slots}
    for form in slots - first - {form + SECOND for form in second} - set(words.lists):
        raise DataError(f"Frame {name}: {unknown('list of words', form, sorted(words.lists))}")
    return Frame(name, parts, kinds, frozenset(first), frozenset(second))


def _sequence(tokens: Sequence[str], at: int) -> tuple[tuple[Node, ...], int]:
    """Read nodes up to a closing mark or the end."""
    parts: list[Node] = []
    while at < len(tokens) and tokens[at] not in ")|]}":
        part, at = _node(tokens, at)
        parts.append(part)
    return tuple(parts), at


def _node(tokens: Sequence[str], at: int) -> tuple[Node, int]:
    mark = tokens[at]
    if mark == "{":
        form = tokens[at + 1] if at + 1 < len(tokens) else ""
        return Slot(form.removeprefix("a "), form.startswith("a ")), _closed(tokens, at + 2, "}")
    if mark == "[":
        inner, at = _sequence(tokens, at + 1)
        return Span(inner), _closed(tokens, at, "]")
    if mark == "(":
        options: list[tuple[Node, ...]] = []
        while not options or (at < len(tokens) and tokens[at] == "|"):
            option, at = _sequence(tokens, at + 1)
            options.append(option)
        return Choice(tuple(options)), _closed(tokens, at, ")")
    return mark, at + 1


def _closed(tokens: Sequence[str], at: int, mark: str) -> int:
    if at >= len(tokens) or tokens[at] != mark:
        raise DataError(f"A frame lacks {mark!r}: {''.join(tokens)[:80]!r}")
    return at + 1


def _slots(parts: Sequence[Node]) -> list[Slot]:
    found: list[Slot] = []
    for part in parts:
        if isinstance(part, Slot):
            found.append(part)
        elif isinstance(part, Span):
            found += _slots(part.parts)
        elif isinstance(part, Choice):
            found += [slot for option in part.options for slot in _slots(option)]
    return found


def write(
    frame: Frame, words: Words, rng: random.Random, groups: Sequence[Group] = ()
) -> tuple[str, Spans]:
    """Write a text by a frame.

    Args:
        frame: the sentence.
        words: for its slots.
        rng: decides everything.
        groups: the group that it names, and the other one where it has slots for two.

    Returns:
        The text, and the half-open character ranges that the frame marks.
    """
    fixed = {
        form + number: word
        for number, group in zip(("", SECOND), groups, strict=False)
        for form, word in group.forms.items()
    }
    draft, used = Draft(), set[str]()
    _append(frame.parts, draft, lambda form: fixed.get(form) or words.draw(form, rng, used), rng)
    return draft.text, tuple(draft.spans)


def _append(parts: Sequence[Node], draft: Draft, word: Filler, rng: random.Random) -> None:
    for part in parts:
        if isinstance(part, str):
            draft.text += part
        elif isinstance(part, Slot):
            filled = word(part.form)
            draft.text += f"{article(filled)} {filled}" if part.article else filled
        elif isinstance(part, Choice):
            _append(pick(rng, part.options), draft, word, rng)
        else:
            begin = len(draft.text)
            _append(part.parts, draft, word, rng)
            draft.spans.append((begin, len(draft.text)))


def article(word: str) -> str:
    """Return "a" or "an", as the word that follows wants it."""
    return "an" if AN.match(word) and not NOT_AN.match(word) else "a"


def capitalised(text: str) -> str:
    """Begin every sentence with a capital; no character moves."""
    return BREAK.sub(lambda match: match.group(0)[:-1] + match.group(1).upper(), text)
