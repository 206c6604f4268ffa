"""Generates answers: greedily, or drawn with a seed of their own so that they can be had again."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from hatelens.models.prompt_tokens import PromptTokenizer


@dataclass(frozen=True)
class Flags:
    """How an answer is generated.

    Attributes:
        temperature: how freely tokens are drawn; 0 takes the likeliest.
        top_p: tokens are drawn from the likeliest that together have this probability.
        max_new_tokens: of an answer at most.
        num_return_sequences: answers to each prompt; 1 where nothing is drawn.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    max_new_tokens: int = 16
    num_return_sequences: int = 1

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Flags:
        """Read flags from a manifest."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__ if name in values})


def generate(
    model: Any, tokens: PromptTokenizer, rows: Sequence[tuple[int, ...]], flags: Flags
) -> list[list[str]]:
    """Return the answers to each of some prompts.

    Args:
        model: a causal language model.
        tokens: its tokenizer.
        rows: tokens of each prompt.
        flags: how.
    """
    ids, mask = padded(model, rows, tokens.pad, left=True)
    drawn = flags.temperature > 0
    sampling = {"temperature": flags.temperature, "top_p": flags.top_p, "top_k": 0}
    with torch.inference_mode(), torch.random.fork_rng(enabled=drawn):
        if drawn:
            torch.manual_seed(zlib.crc32(repr(rows).encode()))
        made = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=flags.max_new_tokens,
            num_return_sequences=flags.num_return_sequences if drawn else 1,
            do_sample=drawn,
            eos_token_id=tokens.eos,
            pad_token_id=tokens.pad,
            **(sampling if drawn else dict.fromkeys(sampling)),
        )
    new = [tokens.decode(row) for row in made[:, ids.shape[1] :].tolist()]
    each = len(new) // len(rows)
    return [new[begin : begin + each] for begin in range(0, len(new), each)]


def padded(
    model: Any, rows: Sequence[tuple[int, ...]], pad: int, *, left: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token ids filled up to the longest, and which of them count.

    Args:
        model: where they are to be read.
        rows: tokens of each text.
        pad: fills up.
        left: in front rather than behind.

    Returns:
        Both of shape (texts, tokens).
    """
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for i, row in enumerate(rows):
        place = slice(width - len(row), width) if left else slice(0, len(row))
        ids[i, place] = torch.tensor(row)
        mask[i, place] = 1
    return ids.to(model.device), mask.to(model.device)
