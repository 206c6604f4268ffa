"""Scores texts by the probability that a language model gives to the words of each label."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from hatelens.errors import ModelError
from hatelens.labels import Floats
from hatelens.models.prompt_tokens import PromptTokenizer

Answer = tuple[int, ...]


def answers(tokens: PromptTokenizer, words: Mapping[str, str]) -> list[Answer]:
    """Return the tokens of each label's words, in order.

    Where one answer begins with another (``hate``, ``hate speech``), all are given the token that
    ends an answer, so that they can be told apart.

    Raises:
        ModelError: two labels have the same words.
    """
    made = [tokens.answer(each) for each in words.values()]
    if len(set(made)) != len(made):
        raise ModelError(f"Two labels have the same words as answers: {dict(words)}.")
    if any(a != b and b[: len(a)] == a for a in made for b in made):
        return [tokens.answer(each, end=True) for each in words.values()]
    return made


@torch.inference_mode()
def read_prefix(model: Any, tokens: PromptTokenizer) -> DynamicCache:
    """Read what stands before every text, once.

    Returns:
        Keys and values of shape (1, heads, tokens of the prefix, width) per layer; empty where
        nothing stands before.
    """
    cache = DynamicCache()
    if tokens.prefix:
        ids = torch.tensor([tokens.prefix], device=model.device)
        model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
    return cache


@torch.inference_mode()
def score(
    model: Any,
    tokens: PromptTokenizer,
    texts: Sequence[str],
    answers: Sequence[Answer],
    batch: int,
    *,
    prefix: DynamicCache | None = None,
) -> Floats:
    """Return the mean log-probability of the tokens of each label's words after each text.

    The mean rather than the sum, so that a label of many tokens is not punished for it. What
    stands before every text is read once and texts are read in batches of like length.

    Args:
        model: a causal language model.
        tokens: its tokenizer with a prompt.
        texts: cleaned texts; what does not fit is cut off.
        answers: tokens of each label's words.
        batch: texts at once.
        prefix: from ``read_prefix``; None to read it now.

    Returns:
        Natural logarithms, shape (texts, labels).
    """
    cache = read_prefix(model, tokens) if prefix is None else prefix
    rows = [(*tokens.text(text), *tokens.suffix) for text in texts]
    order = np.argsort([len(row) for row in rows], kind="stable")
    scores = np.empty((len(rows), len(answers)))
    for begin in range(0, len(order), batch):
        chosen = order[begin : begin + batch]
        scores[chosen] = _Batch(model, cache, [rows[i] for i in chosen], tokens.pad).score(answers)
    return scores


class _Batch:
    """Texts whose prompt has been read and whose answers are tried one after the other.

    Padding stands between the prefix and the texts, so that all texts end in one column.
    """

    def __init__(self, model: Any, prefix: DynamicCache, rows: Sequence[Answer], pad: int) -> None:
        self._model = model
        self._cache = copy.deepcopy(prefix)
        self._cache.batch_repeat_interleave(len(rows))
        before, width = prefix.get_seq_length(), max(map(len, rows))
        ids = torch.full((len(rows), width), pad)
        seen = torch.ones((len(rows), before + width), dtype=torch.long)
        for i, row in enumerate(rows):
            ids[i, width - len(row) :] = torch.tensor(row)
            seen[i, before : before + width - len(row)] = 0
        self._seen = seen.to(model.device)
        self._next = self._log_probabilities(ids.to(model.device), last=1)[:, 0]

    def score(self, answers: Sequence[Answer]) -> Floats:
        """Return the mean log-probability of each answer, shape (texts, answers)."""
        columns = [self._one(answer) for answer in answers]
        return torch.stack(columns, dim=1).double().cpu().numpy()

    def _one(self, answer: Answer) -> torch.Tensor:
        first = self._next[:, answer[0]]
        if len(answer) == 1:
            return first
        given = torch.tensor(answer[:-1], device=self._seen.device)
        rest = torch.tensor(answer[1:], device=self._seen.device)
        found = self._log_probabilities(given.expand(len(first), -1), last=len(given))
        self._forget(len(given))
        following = found.gather(2, rest.expand(len(first), -1).unsqueeze(2)).squeeze(2)
        return (first + following.sum(dim=1)) / len(answer)

    def _log_probabilities(self, ids: torch.Tensor, last: int) -> torch.Tensor:
        """Read further tokens and return what may follow, shape (texts, last, vocabulary)."""
        missing = self._cache.get_seq_length() + ids.shape[1] - self._seen.shape[1]
        self._seen = torch.nn.functional.pad(self._seen, (0, missing), value=1)
        places = (self._seen.cumsum(dim=1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        made = self._model(
            input_ids=ids,
            attention_mask=self._seen,
            position_ids=places,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=last,
        )
        return made.logits.float().log_softmax(dim=-1)

    def _forget(self, count: int) -> None:
        self._cache.crop(-count)
        self._seen = self._seen[:, :-count]
