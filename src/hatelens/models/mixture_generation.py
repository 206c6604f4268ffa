"""Answers in words by several adapters at once: their next-token probabilities are blended."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import LogitsProcessor, LogitsProcessorList

from hatelens.labels import Floats
from hatelens.models import adapters as parts
from hatelens.models import generation
from hatelens.models.adapted_decoder import AdaptedDecoder
from hatelens.models.generation import Flags


class Blend(LogitsProcessor):
    """Lets every adapter of a text go on with the same token, taken from their blend.

    The rows of a batch are the adapters of the first text, then those of the second, and so on.
    All rows of a text are given one token, so they keep step and share what was said so far.

    Args:
        weights: of the adapters for each text, shape (texts, adapters); rows sum to 1.
        flags: temperature and top_p; they are applied to the blend.
        seeds: of what is drawn, one per text, so that it does not depend on the others.
    """

    def __init__(self, weights: torch.Tensor, flags: Flags, seeds: Sequence[int]) -> None:
        self._shares = weights.log()
        self._flags = flags
        self._chance = [torch.Generator(weights.device).manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return scores under which only the chosen token of each text is possible.

        Args:
            input_ids: what was said so far, shape (texts x adapters, tokens).
            scores: logits of the next token, shape (texts x adapters, vocabulary).
        """
        del input_ids
        chosen = self.choose(self.blended(scores))
        rows = chosen.repeat_interleave(self._shares.shape[1]).unsqueeze(1)
        return torch.full_like(scores, float("-inf")).scatter_(1, rows, 0.0)

    def blended(self, scores: torch.Tensor) -> torch.Tensor:
        """Return logarithms of the blended probabilities, shape (texts, vocabulary)."""
        texts, adapters = self._shares.shape
        logs = scores.double().view(texts, adapters, -1).log_softmax(dim=-1)
        return torch.logsumexp(self._shares.unsqueeze(2) + logs, dim=1)

    def choose(self, logs: torch.Tensor) -> torch.Tensor:
        """Return one token for each text, shape (texts,): the likeliest, or a drawn one."""
        if not self._flags.temperature:
            return logs.argmax(dim=1)
        probabilities = (logs / self._flags.temperature).softmax(dim=1)
        ordered, places = probabilities.sort(dim=1, descending=True)
        before = ordered.cumsum(dim=1) - ordered
        ordered = ordered.masked_fill(before >= self._flags.top_p, 0.0)
        drawn = [
            torch.multinomial(row, 1, generator=chance)
            for row, chance in zip(ordered, self._chance, strict=True)
        ]
        return places.gather(1, torch.stack(drawn)).squeeze(1)


def answers(
    adapted: AdaptedDecoder,
    texts: Sequence[str],
    weights: Floats,
    flags: Flags,
    *,
    add_updates: bool = False,
) -> list[list[str]]:
    """Return what a mixture says of texts, in words.

    Args:
        adapted: the language model with its adapters.
        texts: cleaned; they are put into the prompt.
        weights: of the adapters for each text, shape (texts, adapters); rows sum to 1.
        flags: how it is generated; ``num_return_sequences`` answers where tokens are drawn.
        add_updates: add up the updates of the weights in the place of probabilities (``cat``).

    Returns:
        The answers to each text.
    """
    rows = [adapted.tokens.encode(text) for text in texts]
    if add_updates:
        return [_added(adapted, *each, flags) for each in zip(rows, weights, strict=True)]
    each = flags.num_return_sequences if flags.temperature else 1
    said = _blended(
        adapted, [row for row in rows for _ in range(each)], np.repeat(weights, each, axis=0), flags
    )
    return [said[begin : begin + each] for begin in range(0, len(said), each)]


def _added(
    adapted: AdaptedDecoder, row: tuple[int, ...], weights: Floats, flags: Flags
) -> list[str]:
    with parts.weighted(adapted.model, adapted.names, torch.from_numpy(weights[None])):
        return generation.generate(adapted.model, adapted.tokens, [row], flags)[0]


def _blended(
    adapted: AdaptedDecoder, rows: Sequence[tuple[int, ...]], weights: Floats, flags: Flags
) -> list[str]:
    """Read and answer all prompts under all adapters that have a weight, in one batch."""
    used = np.flatnonzero(weights.any(axis=0)).tolist()
    prompts = [row for row in rows for _ in used]
    tokens = adapted.tokens
    ids, mask = generation.padded(adapted.model, prompts, tokens.pad, left=True)
    shares = torch.from_numpy(weights[:, used]).to(ids.device)
    more: dict[str, Any] = dict.fromkeys(("temperature", "top_p", "top_k"))  # are in the blend
    with torch.inference_mode():
        made = adapted.model.generate(
            input_ids=ids,
            attention_mask=mask,
            adapter_names=[adapted.names[column] for column in used] * len(rows),
            logits_processor=LogitsProcessorList([Blend(shares, flags, _seeds(rows))]),
            max_new_tokens=flags.max_new_tokens,
            do_sample=False,
            eos_token_id=tokens.eos,
            pad_token_id=tokens.pad,
            **more,
        )
    return [tokens.decode(row) for row in made[:: len(used), ids.shape[1] :].tolist()]


def _seeds(rows: Sequence[tuple[int, ...]]) -> list[int]:
    """Return a seed for each prompt: another one each time that the same prompt comes again."""
    seen: dict[tuple[int, ...], int] = {}
    found = []
    for row in rows:
        seen[row] = seen.get(row, -1) + 1
        found.append(zlib.crc32(repr((row, seen[row])).encode()))
    return found
