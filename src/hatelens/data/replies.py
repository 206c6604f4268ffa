"""What a responder learns from: posts of training splits, lines to answer hate with, questions.

The lines and questions are our own (``grammars/replies.yaml``, ``grammars/questions.txt``). What a
model says to harmless posts and to questions is its own business: it learns its own replies.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from hatelens.data import grammar, splits
from hatelens.data.example import Example
from hatelens.data.grammar import Frame, Group, Words
from hatelens.data.scheme import parts
from hatelens.data.spelling import pick
from hatelens.errors import DataError, unknown
from hatelens.labels import LabelSet

HERE = Path(__file__).parent / "grammars"
KINDS = ("stop", "counter")
"""What can be done with hate, each with lines of its own."""
_NO_WORDS = Words({})
_WORDS = re.compile(r"[a-z][a-z'/-]*")
_LONGEST_NAME = 4
"""Words that the name of a group has at most."""


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts of a corpus.

    Attributes:
        hateful: to be stopped at or spoken against.
        harmless: to be answered as any other message.
    """

    hateful: tuple[Example, ...]
    harmless: tuple[Example, ...]


@dataclass(frozen=True)
class Lines:
    """Lines to answer hate with.

    Attributes:
        frames: the sentences per kind.
        names: words that name a group to its plain name.
    """

    frames: Mapping[str, tuple[Frame, ...]]
    names: Mapping[str, str]

    def answer(self, kind: str, post: Example, seed: int) -> str:
        """Return a line that fits a post: the same for the same post and seed.

        A line that names the attacked group comes where it is known, and not always then.

        Raises:
            DataError: there is no such kind.
        """
        if kind not in self.frames:
            raise DataError(unknown("kind of answer", kind, KINDS))
        chance = random.Random(f"{seed} {kind} {post.source} {post.id}")  # noqa: S311  # no secret
        name = self.group(post)
        fitting = [frame for frame in self.frames[kind] if bool(frame.forms) <= bool(name)]
        groups = (Group("", "", {"groups": name}),) if name else ()
        text, _ = grammar.write(pick(chance, fitting), _NO_WORDS, chance, groups)
        return grammar.capitalised(" ".join(text.split()))

    def group(self, post: Example) -> str:
        """Return the plain name of the group that a post attacks, empty where it is not known.

        What people said of the post comes first, then words of the post that name one group and
        no other.
        """
        if term := post.meta.get("term"):
            return term
        said = {self.names[one.lower()] for one in post.targets if one.lower() in self.names}
        if not post.targets:
            said = {self.names[words] for words in _spoken(post.text) if words in self.names}
        return said.pop() if len(said) == 1 else ""


@cache
def lines() -> Lines:
    """Read the lines of the package.

    Raises:
        DataError: a line cannot be read.
    """
    content = yaml.safe_load((HERE / "replies.yaml").read_text(encoding="utf-8"))
    frames = {
        kind: tuple(
            grammar.parse(line.strip(), f"{kind}-{n:02d}", _NO_WORDS)
            for n, line in enumerate(content[kind].strip().splitlines(), 1)
        )
        for kind in KINDS
    }
    names = {
        word.strip(): name for name, words in content["names"].items() for word in words.split(",")
    }
    return Lines(frames, names)


@cache
def questions() -> tuple[str, ...]:
    """Return ordinary things that people say to a chat model."""
    text = (HERE / "questions.txt").read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def sort(examples: Iterable[Example], labels: LabelSet) -> Posts:
    """Part posts into hateful and harmless ones; a label that leaves it open is left out."""
    sides: dict[bool, list[Example]] = {True: [], False: []}
    for one in examples:
        found = {labels.is_hateful(part) for part in parts(one.label)} if one.label else set()
        if len(found) == 1:
            sides[found.pop()].append(one)
    return Posts(tuple(sides[True]), tuple(sides[False]))


def spread(
    examples: Sequence[Example], count: int, seed: int, shares: Mapping[str, int]
) -> tuple[Example, ...]:
    """Draw posts, from each data set as many as its share says, as far as it has them.

    What a data set lacks, the others give. No text is drawn twice.

    Args:
        examples: what to draw from, in any order.
        count: how many at most.
        seed: another seed draws others.
        shares: data set to how many posts it gives in a turn; one where it is not named.
    """
    queues: dict[str, list[Example]] = {}
    unique = {one.text: one for one in sorted(examples, key=lambda one: (one.source, one.id))}
    for one in unique.values():
        queues.setdefault(one.source, []).append(one)
    for name, queue in queues.items():
        queues[name] = sorted(queue, key=lambda one: _rank(seed, one), reverse=True)
    found: list[Example] = []
    while len(found) < count and any(queues.values()):
        for name in sorted(queues):
            found += [
                queues[name].pop() for _ in range(min(shares.get(name, 1), len(queues[name])))
            ]
    return tuple(found[:count])


def digest(posts: Iterable[Example]) -> str:
    """Return the sha256 of which posts these are."""
    return splits.ids_digest(posts)


def _rank(seed: int, one: Example) -> bytes:
    return hashlib.sha256(f"{seed}:{one.source}:{one.id}".encode("utf-8", "surrogatepass")).digest()


def _spoken(text: str) -> set[str]:
    """Return the runs of a few words in a text, in small letters."""
    words = _WORDS.findall(text[:2000].lower())
    return {
        " ".join(words[begin : begin + length])
        for length in range(1, _LONGEST_NAME + 1)
        for begin in range(len(words) - length + 1)
    }
