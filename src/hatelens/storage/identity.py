"""Ids of everything on record: unique without asking anyone, and sorted by time."""

from __future__ import annotations

import secrets
import time

# Crockford's base32: no i, l, o or u, so that nobody misreads an id.
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26
RANDOM_BITS = 80


def new() -> str:
    """Return an id of 26 characters: 48 bits of milliseconds since 1970, then 80 random bits."""
    number = time.time_ns() // 1_000_000 << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
    return "".join(DIGITS[number >> 5 * place & 31] for place in reversed(range(LENGTH)))
