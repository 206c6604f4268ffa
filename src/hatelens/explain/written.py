"""Explanations that a language model writes, held to a schema and to the words of the text."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from hatelens import text as cleaning
from hatelens.explain.constrained import Constrained
from hatelens.explain.explanation import Explanation
from hatelens.explain.grammar import BREAK, grammar
from hatelens.explain.looked_up import looked_up
from hatelens.models.classifier import Classifier
from hatelens.models.prompt_tokens import FILES, PromptTokenizer
from hatelens.text import Cleaned
from hatelens.text.alignment import untouched
from hatelens.text.quotable import Quotable

BATCH = 8
"""Explanations written at once."""


class Writer:
    """Writes explanations with a decoder that was trained to explain.

    After the words of the label, on the next line, stand groups, reason and harmful words as JSON.
    The grammar of each text lets the model write nothing else, and quote nothing but words that
    stand in the text.

    Args:
        model: a causal language model.
        tokens: its tokenizer with the prompt that it answers.
        words: what each label is answered with.
        harmless: labels of texts that affect nobody, in which nothing is quoted.
        cleaning: version of the cleaning that texts pass through, or ``none``.
    """

    def __init__(
        self,
        model: Any,
        tokens: PromptTokenizer,
        words: Mapping[str, str],
        harmless: Collection[str] = (),
        cleaning: str = "none",
    ) -> None:
        self._model = model
        self._tokens = tokens
        self._words = dict(words)
        self._harmless = frozenset(harmless)
        self._cleaning = cleaning

    @property
    def batch(self) -> int:
        """Texts that are explained at once."""
        return BATCH

    @property
    def prompt(self) -> str:
        """What stands around a text."""
        return self._tokens.prompt.template

    def write(
        self, texts: Sequence[str], labels: Sequence[str | None] | None = None
    ) -> list[Explanation]:
        """Explain texts that each fit one window, in order and at once.

        Args:
            texts: as their authors wrote them.
            labels: the class of each; None to have it written too.
        """
        known = labels or [None] * len(texts)
        cleaned = [self._clean(text) for text in texts]
        asked = list(zip(cleaned, known, strict=True))
        written = self._constrained.write(
            [self._prompt(one.text, label) for one, label in asked],
            [self._grammar(one.text, label) for one, label in asked],
        )
        return [
            self._read(answer, label, text, one)
            for answer, text, (one, label) in zip(written, texts, asked, strict=True)
        ]

    def _prompt(self, text: str, label: str | None) -> list[int]:
        said = () if label is None else self._tokens.answer(self._words[label] + BREAK)
        return [*self._tokens.encode(text), *said]

    def _grammar(self, text: str, label: str | None) -> str:
        if label is None:
            return grammar(Quotable(text), answers=list(self._words.values()))
        return grammar(Quotable(text), harmless=label in self._harmless)

    def _read(self, answer: str, label: str | None, text: str, cleaned: Cleaned) -> Explanation:
        """Turn an answer into an explanation whose quotes are those of the original text."""
        if label is None:
            said, _, answer = answer.partition(BREAK)
            label = next(name for name, words in self._words.items() if words == said.lstrip(" "))
        return looked_up(label, json.loads(answer), text, cleaned)

    def _clean(self, text: str) -> Cleaned:
        return untouched(text) if self._cleaning == "none" else cleaning.clean(text)

    @cached_property
    def _constrained(self) -> Constrained:
        """Made for the first explanation: preparing the vocabulary takes a second."""
        file = self._tokens.folder / FILES[0]
        return Constrained(self._model, file, eos=self._tokens.eos, pad=self._tokens.pad)


def writer(model: Classifier) -> Writer:
    """Return what writes the explanations of a decoder that was trained to explain."""
    manifest: Any = model.manifest
    scorer: Any = model.scorer
    first = manifest.labels.names[:1]
    return Writer(
        scorer.model,
        scorer.tokens,
        scorer.words,
        [name for name in first if not manifest.labels.is_hateful(name)],
        manifest.cleaning,
    )
