"""How a responder begins where it does not engage, and from which probability on it does.

Taking the likeliest word next is a poor judge: what is hateful is answered in one way and what is
harmless in many, so that the one way wins too often. The probability of its first words, held
against a threshold that was found on validation posts, decides instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import LogitsProcessor

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Opening:
    """The first words of an answer that does not engage.

    Attributes:
        tokens: of the words; at least one.
        threshold: the probability from which on an answer begins with them, 0-1.
    """

    tokens: Tokens
    threshold: float

    def to_dict(self) -> dict[str, Any]:
        """Return the opening as plain JSON values."""
        return {"tokens": list(self.tokens), "threshold": self.threshold}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Opening:
        """Read an opening from a manifest."""
        return cls(tuple(map(int, values["tokens"])), float(values["threshold"]))


class Otherwise(LogitsProcessor):
    """Keeps answers that do not begin with an opening from falling into it.

    Args:
        opening: its tokens.
        width: tokens that every row of a batch begins with.
        others: whether each row does not begin with the opening, shape (rows,).
    """

    def __init__(self, opening: Tokens, width: int, others: torch.Tensor) -> None:
        self._begin = torch.tensor(opening[:-1], dtype=torch.long)
        self._last = opening[-1]
        self._width = width
        self._others = others

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Forbid the opening's last token to those that have said all before it."""
        said = input_ids[:, self._width :]
        if said.shape[1] == len(self._begin):
            falling = (said == self._begin.to(said.device)).all(dim=1)
            scores[falling & self._others.to(said.device), self._last] = float("-inf")
        return scores


def told_apart(lines: Sequence[Tokens], others: Sequence[Tokens], rare: float = 0.01) -> Tokens:
    """Return the shortest beginning of all lines that tells them from other answers.

    Args:
        lines: answers that do not engage.
        others: other answers.
        rare: share of the others, 0-1, that may begin so.

    Returns:
        Its tokens; none where the lines do not begin alike, or as others do.
    """
    first, last = min(lines, default=()), max(lines, default=())
    for length in range(1, min(len(first), len(last)) + 1):
        begin = first[:length]
        if last[:length] != begin:
            break
        if sum(other[:length] == begin for other in others) <= rare * len(others):
            return begin
    return ()


@torch.inference_mode()
def probabilities(model: Any, rows: Sequence[Tokens], opening: Tokens, pad: int) -> list[float]:
    """Return how probable it is that a model continues each row with an opening, 0-1.

    Args:
        model: a causal language model.
        rows: tokens up to where the model is to speak.
        opening: the tokens that are asked about.
        pad: the token that fills rows up, on their left.
    """
    width = max(map(len, rows))
    asked = [[pad] * (width - len(row)) + [*row, *opening[:-1]] for row in rows]
    seen = [[0] * (width - len(row)) + [1] * (len(row) + len(opening) - 1) for row in rows]
    made = model(
        input_ids=torch.tensor(asked).to(model.device),
        attention_mask=torch.tensor(seen).to(model.device),
        logits_to_keep=len(opening),
    )
    known = torch.log_softmax(made.logits.float(), dim=-1)
    wanted = torch.tensor(opening).to(known.device).expand(len(rows), -1)
    found: list[float] = known.gather(2, wanted[..., None]).sum(dim=(1, 2)).exp().tolist()
    return found
