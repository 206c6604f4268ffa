"""Ids of everything on record: unique without asking anyone, and sorted by time."""

from __future__ import annotations

import os
import time

# Crockford's base32: no i, l, o or u, so that nobody misreads an id.
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26
RANDOM_BITS = 80

_PAIRS = [first + second for first in DIGITS for second in DIGITS]
_BYTES = RANDOM_BITS // 8
_BLOCK = 256
"""Ids whose random bits are drawn at once: each draw lets other threads have the interpreter, and
the event loop would wait for it to come back."""
_drawn: list[int] = []
# A forked process must not make the ids of its parent.
os.register_at_fork(after_in_child=_drawn.clear)


def new() -> str:
    """Return an id of 26 characters: 48 bits of milliseconds since 1970, then 80 random bits."""
    number = time.time_ns() // 1_000_000 << RANDOM_BITS | _random()
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def _random() -> int:
    """Return random bits that nobody can guess; ``pop`` gives each to one thread only."""
    try:
        return _drawn.pop()
    except IndexError:
        block = os.urandom(_BYTES * _BLOCK)
        fresh = [
            int.from_bytes(block[begin : begin + _BYTES], "big")
            for begin in range(0, len(block), _BYTES)
        ]
        found = fresh.pop()
        _drawn.extend(fresh)
        return found
