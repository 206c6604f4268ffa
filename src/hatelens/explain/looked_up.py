"""From what a model wrote to an explanation: its quotations are looked up in the original text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hatelens.data.explanations import GROUPS, REASON, WORDS
from hatelens.explain.explanation import LONGEST_QUOTE, Explanation
from hatelens.models.detector import Span
from hatelens.models.reading import merged
from hatelens.text import Cleaned
from hatelens.text.quotable import Quotable


def looked_up(label: str, parts: Mapping[str, Any], text: str, cleaned: Cleaned) -> Explanation:
    """Look quotations up in the original text; one that does not stand there is left out.

    Args:
        label: the class.
        parts: groups, reason and harmful words, as a model wrote them.
        text: as its author wrote it.
        cleaned: as the model read it.
    """
    quotable = Quotable(cleaned.text)
    spans: list[Span] = []
    quotes: list[str] = []
    for words in dict.fromkeys(parts[WORDS]):
        ranges = [cleaned.original_span(*place) for place in quotable.places(words)]
        found = [Span(begin, min(end, begin + LONGEST_QUOTE), 1.0) for begin, end in ranges]
        quotes += [text[span.begin : span.end] for span in found[:1]]
        spans += found
    return Explanation(
        label=label,
        groups=tuple(dict.fromkeys(parts[GROUPS])),
        quotes=tuple(dict.fromkeys(quotes)),
        reason=parts[REASON].strip(),
        spans=merged(spans),
    )
