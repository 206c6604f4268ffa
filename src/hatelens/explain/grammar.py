"""The grammar of the explanation of one text: a model that follows it can write nothing else.

Quotations are runs of words of the text itself, lengths and counts are bounded, and so is the whole
answer: it is never cut off.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from hatelens.data.explanations import (
    GROUPS,
    LONGEST_GROUP,
    LONGEST_REASON,
    MOST_GROUPS,
    MOST_QUOTES,
    REASON,
    WORDS,
)
from hatelens.text.quotable import LONGEST, Quotable

BREAK = "\n"
"""Between the words of the label and the explanation."""
_OPENING = f'{{"{GROUPS}":['
_REASON = f'],"{REASON}":"'
_WORDS = f'","{WORDS}":['
_CLOSING = "]}"
_RULES = rf"""
groups: GROUP ("," GROUP){{0,{MOST_GROUPS - 1}}}
quotes: QUOTE ("," QUOTE){{0,{MOST_QUOTES - 1}}}
GROUP: "\"" /[\p{{L}}][\p{{L}} '\-]{{0,{LONGEST_GROUP - 2}}}[\p{{L}}]/ "\""
REASON: /[^\s"\\\x00-\x1f\x7f][^"\\\x00-\x1f\x7f]{{0,{LONGEST_REASON - 1}}}/
QUOTE: "\"" (RUN & /[^ ](.{{0,{LONGEST - 2}}}[^ ])?/) "\""
"""


def grammar(text: Quotable, *, harmless: bool = False, answers: Sequence[str] = ()) -> str:
    """Write the grammar of an explanation of a text, as llguidance reads it.

    Args:
        text: whose words may be quoted.
        harmless: whether it affects nobody and nothing in it is harmful; else that may be so.
        answers: words of the labels of which one stands in the line before, where the class is
            written too; none where it is given.

    Returns:
        Lark, see https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md
    """
    said = f"/ ?/ ({' | '.join(map(json.dumps, answers))}) {json.dumps(BREAK)}" if answers else ""
    groups = "" if harmless else "groups?"
    quotes = "" if harmless or not text.words else "quotes?"
    opening, reason, words, closing = map(json.dumps, (_OPENING, _REASON, _WORDS, _CLOSING))
    start = f"start: {said} {opening} {groups} {reason} REASON {words} {quotes} {closing}"
    return f"{start}{_RULES}RUN: {_run(text)}\n"


def _run(text: Quotable) -> str:
    """Return the pattern of any run of the words of a text, as they are written in JSON."""
    chunks = [json.dumps(chunk, ensure_ascii=False)[1:-1] for chunk in text.chunks]
    return f"%regex {json.dumps({'substring_chunks': chunks or ['-']})}"
