"""Reads a label from a generated answer, strictly: what is not clearly one label is none."""

from __future__ import annotations

from collections.abc import Sequence

_QUOTES = "\"'`*_.:-([{<#"


def parse(answer: str, words: Sequence[str]) -> int | None:
    """Return which label's words an answer begins with.

    Only the beginning counts, whole words only, whatever their case; what stands behind them is
    not read. "It is not hate" is no answer, and neither is "hate / normal", which names two.

    Args:
        answer: as generated.
        words: of each label.

    Returns:
        The label's place; None where no label's words, or those of several, stand there.
    """
    said = _plain(answer)
    found = [place for place, each in enumerate(words) if _begins(said, _plain(each))]
    if not found:
        return None
    longest = max(found, key=lambda place: len(_plain(words[place])))
    rest = said[len(_plain(words[longest])) :]
    return (
        None if _names_another(rest, [w for i, w in enumerate(words) if i != longest]) else longest
    )


def _plain(text: str) -> str:
    return " ".join(text.split()).strip(_QUOTES + " ").casefold()


def _begins(said: str, word: str) -> bool:
    """Say whether a text begins with a word that ends there."""
    rest = said.removeprefix(word)
    return said.startswith(word) and not (rest[:1].isalnum() or rest[:1] in {"_", "-"})


def _names_another(rest: str, others: Sequence[str]) -> bool:
    """Say whether another label follows as an alternative: "hate / normal", "hate or normal"."""
    rest = rest.lstrip(" ,")
    for joint in ("/", "|", "or ", "and "):
        if rest.startswith(joint):
            return any(_begins(_plain(rest.removeprefix(joint)), _plain(word)) for word in others)
    return False
