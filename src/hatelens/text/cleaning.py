"""The cleaning itself: its stages, in order, repeated until nothing is left to do."""

from __future__ import annotations

from functools import lru_cache

from hatelens.text.alignment import Cleaned, rewrite, untouched
from hatelens.text.characters import letters, spaces, unseen
from hatelens.text.entities import entities
from hatelens.text.floods import floods
from hatelens.text.leet import leets
from hatelens.text.look_alikes import look_alikes
from hatelens.text.masks import addresses, users
from hatelens.text.spacing import spaced

VERSION = "v1"  # a change of what `clean` returns is a new version: models record theirs

_SHORT = 1000  # characters of a text that is remembered; bounds memory to about 20 MB

_STAGES = (
    entities, unseen, spaces, letters, addresses, users, look_alikes, spaced, leets, floods
)  # fmt: skip


def clean(text: str) -> Cleaned:
    """Write a text plainly: normalised, disguised words as they are meant, names and links masked.

    Takes any string, lone surrogates and control characters included, never raises, and needs time
    linear in its length. Cleaning what is clean changes nothing. Case and emoji stay.
    """
    return _remembered(text) if len(text) <= _SHORT else _cleaned(text)


def forget() -> None:
    """Forget the texts cleaned lately, as before a measurement of time."""
    _remembered.cache_clear()


@lru_cache(maxsize=1024)  # a text is cut into windows and then read, by one stage after the other
def _remembered(text: str) -> Cleaned:
    return _cleaned(text)


def _cleaned(text: str) -> Cleaned:
    draft, before = untouched(text), None
    while draft.text != before:  # one stage can lay bare what another must treat; mostly two rounds
        before = draft.text
        for stage in _STAGES:
            draft = rewrite(draft, stage(draft.text))
    return draft
