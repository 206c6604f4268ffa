"""Rows of tokens for a language model: prompts, their answers, and the loss on the answers only.

Packed, the turns of a batch stand in one row behind one copy of what their prompts begin with. A
token sees what it would see alone (the beginning, its own prompt, its own answer) at the places
where it would see it, so that the row computes what the turns would compute one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.utils.data import Dataset

from hatelens.labels import Floats

Tokens = tuple[int, ...]
Batch = dict[str, torch.Tensor]
_ALL = -1
"""Stands for a token that belongs to every turn, or to every answer of a turn."""


@dataclass(frozen=True)
class Turn:
    """A prompt and its answers.

    Attributes:
        prompt: tokens that are read; at least one.
        answers: tokens of each answer that is learned or compared.
        weights: of each answer in the next-token loss; all 1 where none are given.
        classes: share of each label, for a loss over labels; one per answer, or none.
    """

    prompt: Tokens
    answers: tuple[Tokens, ...]
    weights: tuple[float, ...] = ()
    classes: tuple[float, ...] = ()

    @property
    def length(self) -> int:
        """Tokens of the prompt with its longest answer."""
        return len(self.prompt) + max(map(len, self.answers), default=0)

    @property
    def mass(self) -> float:
        """Its part in what a loss is divided by: weighted tokens, or 1 for a loss over labels."""
        if self.classes:
            return float(any(self.classes))
        return sum(w * len(a) for w, a in zip(self.weighted, self.answers, strict=True))

    @property
    def weighted(self) -> tuple[float, ...]:
        """The weight of each answer."""
        return self.weights or (1.0,) * len(self.answers)


class Turns(Dataset[Turn]):
    """Turns to learn from.

    Args:
        turns: in any order.
    """

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self.lengths = [turn.length for turn in turns]

    def __len__(self) -> int:
        return len(self._turns)

    def __getitem__(self, index: int) -> Turn:
        return self._turns[index]


@dataclass(frozen=True)
class Collator:
    """Lays turns out as the tensors of a batch.

    ``input_ids`` has the shape (rows, width); a packed row also has its ``position_ids`` and an
    ``attention_mask`` of shape (1, 1, width, width), True where a token sees another. For each
    token of an answer, ``places`` says where in the flattened rows it is predicted, ``targets``
    which one it is and ``answer`` which answer it belongs to. ``weights`` of the answers,
    ``classes`` of shape (turns, labels), ``ends``, the place of the last token of each prompt, and
    ``mass``, the sum of the turns', go with them.

    Attributes:
        pad: the token that fills rows up.
        packing: put all turns into one row; else each path of tokens has a row of its own.
    """

    pad: int
    packing: bool = True

    def __call__(self, turns: Sequence[Turn]) -> Batch:
        """Return a batch."""
        batch = _packed(turns) if self.packing else _padded(turns, self.pad)
        weights = [weight for turn in turns for weight in turn.weighted]
        classes = np.asarray([turn.classes for turn in turns])
        return batch | {
            "weights": torch.tensor(weights, dtype=torch.float32),
            "classes": torch.tensor(classes, dtype=torch.float32),
            "mass": torch.tensor(sum(turn.mass for turn in turns)),
        }


@dataclass
class _Row:
    """Tokens of a row, and what each may see, while it is filled."""

    ids: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def add(self, tokens: Tokens, begin: int, turn: int = _ALL, answer: int = _ALL) -> None:
        """Append tokens whose first stands at a position of its own conversation."""
        self.ids += tokens
        self.positions += range(begin, begin + len(tokens))
        self.turns += [turn] * len(tokens)
        self.answers += [answer] * len(tokens)

    def mask(self) -> torch.Tensor:
        """Return which token sees which, shape (1, 1, tokens, tokens)."""
        turns, answers = torch.tensor(self.turns), torch.tensor(self.answers)
        own = (turns == _ALL) | (turns[:, None] == turns)
        said = (answers == _ALL) | (answers[:, None] == answers)
        return (own & said).tril()[None, None]


def _packed(turns: Sequence[Turn]) -> Batch:
    """Put all turns into one row behind what their prompts begin with."""
    shared = _shared([turn.prompt for turn in turns])
    row, loss, number = _Row(), _Loss(), 0
    ends: list[int] = []
    row.add(turns[0].prompt[:shared], 0)
    for owner, turn in enumerate(turns):
        row.add(turn.prompt[shared:], shared, owner)
        end = len(row.ids) - 1 if len(turn.prompt) > shared else shared - 1
        ends.append(end)
        for answer in turn.answers:
            begin = len(row.ids)
            row.add(answer[:-1], len(turn.prompt), owner, number)
            loss.add(answer, [end, *range(begin, len(row.ids))], number)
            number += 1
    return {
        "input_ids": torch.tensor([row.ids]),
        "position_ids": torch.tensor([row.positions]),
        "attention_mask": row.mask(),
        "ends": torch.tensor(ends),
        **loss.tensors(),
    }


def _shared(prompts: Sequence[Tokens]) -> int:
    """Return how many tokens all prompts begin with."""
    first, last = min(prompts), max(prompts)  # what these two share, all between them do
    pairs = zip(first, last, strict=False)
    differ = (i for i, (a, b) in enumerate(pairs) if a != b)
    return next(differ, min(len(first), len(last)))


def _padded(turns: Sequence[Turn], pad: int) -> Batch:
    """Give each path of tokens a row; padding on the right is seen by no token of a text."""
    paths = [list(_paths(turn)) for turn in turns]
    rows = [path for turn in paths for path in turn]
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
    loss, number, first = _Loss(), 0, 0
    ends: list[int] = []
    for turn, own in zip(turns, paths, strict=True):
        end = len(turn.prompt) - 1
        ends.append(first * width + end)
        for answer in turn.answers:
            whole = turn.prompt + answer[:-1]
            at = first + next(i for i, path in enumerate(own) if path[: len(whole)] == whole)
            begin = at * width + end
            loss.add(answer, range(begin, begin + len(answer)), number)
            number += 1
        first += len(own)
    return {"input_ids": ids, "ends": torch.tensor(ends), **loss.tensors()}


def _paths(turn: Turn) -> Iterator[Tokens]:
    """Yield what is read of a turn, once: what begins another path is a part of that."""
    read = dict.fromkeys(turn.prompt + answer[:-1] for answer in turn.answers) or {
        turn.prompt: None
    }
    for one in read:
        if not any(one != other and other[: len(one)] == one for other in read):
            yield one


class _Loss:
    """Where each token of the answers is predicted."""

    def __init__(self) -> None:
        self._places: list[int] = []
        self._targets: list[int] = []
        self._answers: list[int] = []

    def add(self, answer: Tokens, places: Sequence[int], number: int) -> None:
        self._places += places
        self._targets += answer
        self._answers += [number] * len(answer)

    def tensors(self) -> Batch:
        return {
            "places": torch.tensor(self._places, dtype=torch.long),
            "targets": torch.tensor(self._targets, dtype=torch.long),
            "answer": torch.tensor(self._answers, dtype=torch.long),
        }


def taught(
    prompts: Sequence[Tokens], answers: Sequence[Tokens], classes: Floats, weights: Floats
) -> list[Turn]:
    """Return turns that teach to continue each prompt with the words of its label.

    Args:
        prompts: of the texts.
        answers: of the labels, with the token that ends an answer.
        classes: share of each label, shape (texts, labels); a text without any is left out, and
            shares of several labels weigh their words.
        weights: of the labels, shape (labels,).
    """
    turns = []
    for prompt, row in zip(prompts, classes, strict=True):
        true = np.flatnonzero(row).tolist()
        if true:
            shares = tuple((row * weights)[true].tolist())
            turns.append(Turn(prompt, tuple(answers[i] for i in true), shares))
    return turns


def compared(prompts: Sequence[Tokens], answers: Sequence[Tokens], classes: Floats) -> list[Turn]:
    """Return turns that teach to tell the words of the labels apart.

    Args:
        prompts: of the texts.
        answers: of the labels; none where a layer of its own gives the classes.
        classes: what is known of each text, shape (texts, labels) (see ``trained.Lesson``).
    """
    return [
        Turn(prompt, tuple(answers), classes=tuple(row.tolist()))
        for prompt, row in zip(prompts, classes, strict=True)
    ]
