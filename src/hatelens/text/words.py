"""Which strings of letters are English words; decides whether a disguise hides one."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_LONGEST = 30


def is_word(letters: str) -> bool:
    """Tell whether lower-case letters are an English word of at least two letters.

    The words are kept as hashes: many of them have no place in a readable file.
    """
    return 2 <= len(letters) <= _LONGEST and zlib.crc32(letters.encode()) in _hashes()


def word_ends(letters: bytes, begin: int, longest: int) -> Iterator[int]:
    """Find where the words end that begin at a place in lower-case letters.

    One hash grows letter by letter, so that a megabyte of single letters stays affordable.
    """
    hashes, value = _hashes(), 0
    for end in range(begin + 1, min(begin + longest, len(letters)) + 1):
        value = zlib.crc32(letters[end - 1 : end], value)
        if value in hashes and end > begin + 1:
            yield end


@cache
def _hashes() -> frozenset[int]:
    packed = Path(__file__).with_name("words.bin").read_bytes()
    return frozenset(struct.unpack(f"<{len(packed) // 4}I", packed))
