"""Generates what grammars allow, one grammar per prompt, several prompts at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer as Backend
from transformers import DynamicCache

from hatelens.errors import require
from hatelens.labels import Floats

Tokens = Sequence[int]
_LIMITS = {
    "initial_lexer_fuel": 10_000_000,
    "step_lexer_fuel": 10_000_000,
    "step_max_items": 500_000,
    "max_lexer_states": 2_000_000,
    "verbose_errors": False,
}
"""Of llguidance: a hostile text, quoted from anywhere, exceeds those that it begins with."""


class GrammarError(RuntimeError):
    """A grammar cannot be followed any further: a fault of hatelens, not of a text."""


class Constrained:
    """Writes with a causal language model the likeliest token of those that a grammar allows.

    What the grammar leaves no choice about is not asked of the model but read by it together with
    what follows, so that the frame of an answer costs next to nothing.

    Args:
        model: a causal language model.
        tokenizer: its ``tokenizer.json``.
        eos: the token that ends an answer.
        pad: the token that fills a batch up.

    Raises:
        MissingExtraError: llguidance is not installed.
    """

    def __init__(self, model: Any, tokenizer: Path, *, eos: int, pad: int) -> None:
        self._model = model
        self._pad = pad
        self._llguidance = require("llguidance", "llm")
        backend = Backend.from_file(str(tokenizer))
        backend.no_padding()
        backend.no_truncation()
        size = max(model.config.get_text_config().vocab_size, backend.get_vocab_size())
        self._tokens = self._llguidance.LLTokenizer(backend.to_str(), n_vocab=size, eos_token=eos)

    @torch.inference_mode()
    def write(self, prompts: Sequence[Tokens], grammars: Sequence[str]) -> list[str]:
        """Return an answer to each prompt, in order.

        Args:
            prompts: token ids.
            grammars: what may be answered to each, in Lark; each must end by itself.

        Raises:
            GrammarError: a grammar is wrong or asks for too much.
        """
        self._model.eval()
        answers = [Answer(self._llguidance, self._tokens, each) for each in grammars]
        lines = [Line(answer, prompt) for answer, prompt in zip(answers, prompts, strict=True)]
        cache, seen = DynamicCache(), torch.zeros((len(lines), 0), dtype=torch.long)
        while lines:
            ids, new = self._padded([line.unread for line in lines])
            seen = torch.cat([seen, new], dim=1)
            logits = self._following(ids, seen, cache)
            for line, row in zip(lines, logits, strict=True):
                line.unread = line.answer.choose(row)
            rest = [i for i, line in enumerate(lines) if not line.answer.done]
            if len(rest) < len(lines):
                lines, seen = [lines[i] for i in rest], seen[rest]
                if rest:
                    cache.batch_select_indices(torch.tensor(rest, device=self._model.device))
        return [answer.text for answer in answers]

    def _padded(self, rows: Sequence[Tokens]) -> tuple[torch.Tensor, torch.Tensor]:
        """Fill rows up at their begin: the last column is the last token of each."""
        width = max(map(len, rows))
        ids = torch.full((len(rows), width), self._pad)
        new = torch.zeros((len(rows), width), dtype=torch.long)
        for i, row in enumerate(rows):
            ids[i, width - len(row) :] = torch.tensor(row)
            new[i, width - len(row) :] = 1
        return ids, new

    def _following(self, ids: torch.Tensor, seen: torch.Tensor, cache: DynamicCache) -> Floats:
        """Read further tokens and score what may follow them, shape (rows, vocabulary)."""
        device = self._model.device
        places = (seen.cumsum(dim=1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        made = self._model(
            input_ids=ids.to(device),
            attention_mask=seen.to(device),
            position_ids=places.to(device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return made.logits[:, -1].double().cpu().numpy()


class Answer:
    """An answer while it is written.

    Args:
        llguidance: the library.
        tokens: its tokenizer.
        grammar: in Lark.

    Raises:
        GrammarError: the grammar is wrong.
    """

    def __init__(self, llguidance: Any, tokens: Any, grammar: str) -> None:
        self._tokens = tokens
        self._written: list[int] = []
        self._matcher = llguidance.LLMatcher(
            tokens,
            llguidance.LLMatcher.grammar_from_lark(grammar),
            log_level=0,
            limits=llguidance.LLParserLimits(**_LIMITS),
        )
        self._check()
        self.begin = self._forced()

    @property
    def done(self) -> bool:
        """Whether the grammar is satisfied; it must end by itself, so nothing can follow."""
        return bool(self._matcher.is_accepting())

    @property
    def text(self) -> str:
        """What was written."""
        return self._tokens.decode_bytes(self._written).decode("utf-8")

    def choose(self, logits: Floats) -> list[int]:
        """Write the likeliest token that is allowed, and those that must follow it.

        Args:
            logits: shape (vocabulary,).

        Returns:
            The tokens that were written.
        """
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        self._check()
        allowed = np.flatnonzero(np.unpackbits(bits, bitorder="little")[: len(logits)])
        best = int(allowed[np.argmax(logits[allowed])])
        self._matcher.consume_token(best)
        self._check()
        self._written.append(best)
        return [best, *self._forced()]

    def _forced(self) -> list[int]:
        if self.done:
            return []
        forced = list(self._matcher.compute_ff_tokens())
        self._matcher.consume_tokens(forced)
        self._check()
        self._written += forced
        return forced

    def _check(self) -> None:
        if self._matcher.is_error():
            raise GrammarError(self._matcher.get_error())


class Line:
    """A row of a batch: an answer, and what the model has not yet read of prompt and answer."""

    def __init__(self, answer: Answer, prompt: Tokens) -> None:
        self.answer = answer
        self.unread: Tokens = [*prompt, *answer.begin]
