"""How probable a server's model finds the words of each label, read off its most probable tokens.

A server does not score a given answer; it only says which tokens may come next. So the words are
walked along: what may follow the prompt, what may follow the prompt and the first token, and so on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hatelens.models.openai_api import Token

LEAST = -50.0
"""Logarithm that stands for a probability too small to be written."""


@dataclass(frozen=True, slots=True)
class Score:
    """How probable an answer is.

    Attributes:
        mean: mean log-probability of its tokens.
        listed: whether the server listed all of them; else ``mean`` is an upper bound.
    """

    mean: float
    listed: bool


def by_text(answer: str, following: Callable[[str], Sequence[Token]]) -> Score:
    """Score the words of an answer by the text of tokens.

    Where several tokens may go on, the most probable one is taken; the first may begin with blanks.

    Args:
        answer: the words.
        following: what may come next after the part of the answer that is written.
    """
    written, rest, logs = "", answer, list[float]()
    while rest:
        tokens = following(written)
        fits = [token for token in tokens if _goes_on(rest, _part(token, written))]
        if not fits:
            return _unlisted(logs, tokens)
        best = max(fits, key=lambda token: token.logprob)
        logs.append(best.logprob)
        rest = rest[len(_part(best, written)) :]
        written += best.text
    return Score(sum(logs) / len(logs), listed=True)


def by_ids(answer: Sequence[int], following: Callable[[tuple[int, ...]], Sequence[Token]]) -> Score:
    """Score the words of an answer by the ids of their tokens; see ``by_text``."""
    logs = list[float]()
    for place, wanted in enumerate(answer):
        tokens = following(tuple(answer[:place]))
        found = next((token for token in tokens if token.id == wanted), None)
        if found is None:
            return _unlisted(logs, tokens)
        logs.append(found.logprob)
    return Score(sum(logs) / len(logs), listed=True)


def _part(token: Token, written: str) -> str:
    """Return what a token writes of an answer: the first may have blanks before it."""
    return token.text if written else token.text.lstrip()


def _goes_on(rest: str, part: str) -> bool:
    return bool(part) and rest.startswith(part)


def _unlisted(logs: Sequence[float], tokens: Sequence[Token]) -> Score:
    """Bound a token that is not among the listed ones: it is less probable than any of them."""
    left = 1.0 - sum(math.exp(token.logprob) for token in tokens)
    lowest = min((token.logprob for token in tokens), default=0.0)
    bound = max(min(lowest, math.log(max(left, 1e-12))), LEAST)
    return Score((sum(logs) + bound) / (len(logs) + 1), listed=False)
