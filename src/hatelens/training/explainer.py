"""Turns that teach a language model to answer with a class and to say why, in the next line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hatelens.data import explanations, reasons
from hatelens.data.example import Example
from hatelens.data.explanations import Reasons
from hatelens.data.scheme import parts
from hatelens.explain.grammar import BREAK
from hatelens.labels import LabelSet
from hatelens.models.prompt_tokens import PromptTokenizer
from hatelens.text import Cleaned
from hatelens.training.trained import Lesson
from hatelens.training.turns import Turn

LABEL_WEIGHT = 8.0
"""Weight of the words of the label, which are few, beside those of the explanation."""


@dataclass(frozen=True)
class Teacher:
    """Makes turns of texts.

    Attributes:
        tokens: the tokenizer with the prompt.
        labels: the classes.
        words: what each label is answered with.
        reasons: the reasons that data sets hold.
    """

    tokens: PromptTokenizer
    labels: LabelSet
    words: Mapping[str, str]
    reasons: Reasons

    def turn(self, example: Example, cleaned: Cleaned) -> Turn | None:
        """Return what a text teaches; None where that is nothing.

        A text of which it is not known why it is of its class teaches the class alone. One of which
        only several labels together are known teaches no class, but why.
        """
        names = parts(example.label or "")
        label = self._likeliest(names, example)
        if not label:
            return None
        told = explanations.told(
            example,
            cleaned,
            hateful=self.labels.is_hateful(label),
            harmless=label == self.labels.names[0] and not self.labels.is_hateful(label),
            reasons=self.reasons,
        )
        prompt, class_ = self.tokens.encode(cleaned.text), self.tokens.answer(self.words[label])
        if told is None:
            return Turn(prompt, (class_,), (LABEL_WEIGHT,)) if len(names) == 1 else None
        line = self.words[label] + BREAK
        answer = line + explanations.written(told)
        whole = self.tokens.answer(answer, end=told.quotes is not None)
        if len(names) == 1:
            return Turn(prompt, (class_, whole), (LABEL_WEIGHT, 1.0))
        given = self.tokens.answer(line)
        return Turn((*prompt, *given), (whole[len(given) :],))

    def _likeliest(self, names: Sequence[str], example: Example) -> str:
        """Return the label, or of several the hateful one where a group is attacked."""
        hateful = [name for name in names if self.labels.is_hateful(name)]
        others = [name for name in names if name and not self.labels.is_hateful(name)]
        wanted = hateful if example.targets else others
        return next(iter(wanted or hateful or others), "")


def turns(
    lesson: Lesson, labels: LabelSet, tokens: PromptTokenizer, words: Mapping[str, str]
) -> list[Turn]:
    """Return the turns of all texts that teach something, in order.

    Args:
        lesson: cleaned texts with the examples that they come from.
        labels: the classes.
        tokens: the tokenizer with the prompt.
        words: what each label is answered with.

    Raises:
        DataError: a data set cannot be read.
    """
    sources = dict.fromkeys(example.source for example in lesson.examples)
    teacher = Teacher(tokens, labels, words, reasons.read(sources))
    pairs = zip(lesson.examples, lesson.cleaned, strict=True)
    made = (teacher.turn(example, cleaned) for example, cleaned in pairs)
    return [turn for turn in made if turn is not None]
