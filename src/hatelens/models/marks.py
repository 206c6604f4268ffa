"""From token scores to marked characters of the original text."""

from __future__ import annotations

from hatelens.models.detector import Span
from hatelens.models.heads import Head, TokenLogits
from hatelens.text import Cleaned


def spans(head: Head, tokens: TokenLogits, cleaned: Cleaned) -> tuple[Span, ...]:
    """Return the characters that a spans head marks, in order.

    Marked tokens with nothing but blanks between them are one span; its score is the highest.

    Args:
        head: of type ``spans``.
        tokens: what it says of each token of the cleaned text.
        cleaned: the text, with the way back to the original.
    """
    probabilities = head.probabilities(tokens.logits[:, None])[:, 0]
    found: list[Span] = []
    for (begin, end), score in zip(tokens.offsets, probabilities.tolist(), strict=True):
        if score < head.threshold() or begin >= end:
            continue
        if found and not cleaned.text[found[-1].end : begin].strip():
            found[-1] = Span(found[-1].begin, end, max(found[-1].score, score))
        else:
            found.append(Span(begin, end, score))
    return tuple(_original(span, cleaned) for span in found)


def _original(span: Span, cleaned: Cleaned) -> Span:
    begin, end = cleaned.original_span(span.begin, span.end)
    return Span(begin, end, span.score)
