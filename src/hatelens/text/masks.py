"""User names and web addresses, each replaced by one token that every data set then shares."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hatelens.text import leet
from hatelens.text.alignment import Edit

USER = "@user"
ADDRESS = "http"

_TOP_LEVEL = "com|org|net|co|ly|be|me|gl|tv|uk|de|info|io|gov|edu"
_ADDRESS = re.compile(
    r"(?i:https?|ftp) ?: ?//(?: ?www\.)?[^\s<>\"]*|(?<!\w)(?i:www)\.\w[^\s<>\"]*"
    rf"|(?<![\w@.-])(?:[\w-]+\.)+(?i:{_TOP_LEVEL})/[^\s<>\"]*|(?i:<url>|\[url\])"
)
# Names end before scripts that are written without spaces.
_NAME = r"[^\W\u0e00-\u0eff\u2e80-\uffff]+"
_USER = re.compile(
    rf"(?P<name>(?<![\w@])@+{_NAME})(?:@[\w-]+(?:\.[\w-]+)+)?"
    rf"|(?<![\w/])/?u/[\w-]{{3,}}|(?i:<user>|\[user\])"
)
# What is quickly looked for, for most texts have no address and no name.
_ADDRESS_SIGN = re.compile(r"/|[Ww]\.|[<\[][Uu]")
_USER_SIGN = re.compile(r"@|u/|[<\[][Uu]")


def addresses(text: str) -> Iterator[Edit]:
    """Find web addresses and other data sets' tokens for them."""
    if not _ADDRESS_SIGN.search(text):
        return
    for match in _ADDRESS.finditer(text):
        found = match[0] if match[0].endswith((">", "]")) else match[0].rstrip(".,;:!?')]}*_")
        yield _set_apart(text, match.start(), match.start() + len(found), ADDRESS)


def users(text: str) -> Iterator[Edit]:
    """Find user names and other data sets' tokens for them; a word in disguise (``@ss``) stays."""
    if not _USER_SIGN.search(text):
        return
    for match in _USER.finditer(text):
        name = match["name"]
        if match[0] != USER and not (name and leet.reading(name)):
            yield _set_apart(text, match.start(), match.end(), USER)


def _set_apart(text: str, begin: int, end: int, token: str) -> Edit:
    """Keep a token from growing together with its neighbours."""
    before = text[begin - 1 : begin]
    after = text[end : end + 1]
    left = " " if before.isalnum() or before in {"_", ">", "]"} else ""
    right = " " if after.isalnum() or after == "_" else ""
    return Edit(begin, end, left + token + right)
