"""Finds from which probability of its first words on a responder is to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from hatelens.models.opening import Opening, probabilities, told_apart
from hatelens.progress import track
from hatelens.training.conversations import HATEFUL, Conversation
from hatelens.training.turns import Turn

BATCH = 32


@dataclass(frozen=True)
class Told:
    """Conversations and their tokens, in one order.

    Attributes:
        conversations: who says what.
        turns: the same as tokens.
    """

    conversations: Sequence[Conversation]
    turns: Sequence[Turn]

    def sides(self, mode: str) -> tuple[list[Turn], list[Turn]]:
        """Return the turns of a mode that answer hate, and the others."""
        sides: dict[bool, list[Turn]] = {True: [], False: []}
        for one, turn in zip(self.conversations, self.turns, strict=True):
            if one.mode == mode:
                sides[one.kind == HATEFUL].append(turn)
        return sides[True], sides[False]


def fitted(
    model: Any,
    train: Told,
    held_out: Told,
    modes: Sequence[str],
    *,
    over_refusal: float,
    pad: int,
) -> tuple[Mapping[str, Opening], Mapping[str, Any]]:
    """Find the opening of each mode and its threshold on held-out conversations.

    Args:
        model: a tuned causal language model.
        train: what it has learned: its lines say how an opening goes.
        held_out: conversations that it has not learned from.
        modes: that it has learned.
        over_refusal: share of the harmless ones, 0-1, that it may stop at.
        pad: the token that fills rows up.

    Returns:
        The opening of each mode, and what was measured of it: ``auroc`` of its probability, and
        the shares of hateful and harmless held-out conversations in which it is said. A mode whose
        lines begin in many ways, or that has no held-out conversation of a side, has none.
    """
    model.eval()
    found: dict[str, Opening] = {}
    facts: dict[str, Any] = {}
    for mode in modes:
        lines, others = train.sides(mode)
        tokens = told_apart([one.answers[0] for one in lines], [one.answers[0] for one in others])
        sides = held_out.sides(mode)
        if not tokens or not all(sides):
            continue
        hateful, harmless = (_probable(model, side, tokens, pad) for side in sides)
        threshold = _threshold(harmless, over_refusal)
        found[mode] = Opening(tokens, threshold)
        truth = np.repeat([1, 0], [len(hateful), len(harmless)])
        facts[mode] = {
            "auroc": round(float(roc_auc_score(truth, np.append(hateful, harmless))), 4),
            "hateful": round(float((hateful >= threshold).mean()), 4),
            "harmless": round(float((harmless >= threshold).mean()), 4),
            "conversations": len(truth),
        }
    return found, facts


def _threshold(harmless: np.ndarray, over_refusal: float) -> float:
    """Return the lowest threshold that at most a share of the probabilities reach."""
    allowed = int(over_refusal * len(harmless))
    highest_refused = np.sort(harmless)[::-1][allowed]
    return float(np.nextafter(highest_refused, np.inf))


def _probable(model: Any, turns: Sequence[Turn], opening: tuple[int, ...], pad: int) -> np.ndarray:
    order = sorted(range(len(turns)), key=lambda i: len(turns[i].prompt))
    found = np.zeros(len(turns))
    for begin in track(range(0, len(order), BATCH), "Threshold"):
        part = order[begin : begin + BATCH]
        found[part] = probabilities(model, [turns[i].prompt for i in part], opening, pad)
    return found
