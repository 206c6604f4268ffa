"""HTML entities that a scraper left in a text, written out, however often they were escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.entities import html5

from hatelens.text.alignment import Edit

# An escaped ampersand may be escaped again and again: "&amp;amp;#39;" is one apostrophe.
_AMPERSAND = r"(?:amp|#0{0,5}38|#[xX]0{0,5}26);"
_ENTITY = re.compile(
    rf"&(?:{_AMPERSAND})*(?P<body>#\d{{1,7}};|#[xX][0-9a-fA-F]{{1,6}};|[A-Za-z][A-Za-z0-9]{{1,31}};)?"
)


def entities(text: str) -> Iterator[Edit]:
    """Find HTML entities and what they stand for; names that HTML does not know stay."""
    if "&" not in text or ";" not in text:
        return
    for match in _ENTITY.finditer(text):
        begin, end = match.span()
        body = match["body"] or ""
        if body.startswith("#") or body in html5:
            yield Edit(begin, end, html.unescape(f"&{body}"))
        elif end - len(body) - begin > 1:
            yield Edit(begin, end - len(body), "&")
