"""A sketch of what a text is made of: random projections of its hashed character trigrams.

It stands in for an embedding where none is at hand: no model, no torch, a fraction of a
millisecond. Who has the sketch cannot tell the text.
"""

from __future__ import annotations

import numpy as np

from hatelens.labels import Floats

SIZE = 16
"""Projections."""
MOST = 2000
"""Characters that are looked at."""
_GRAM = 3
# Odd numbers without a pattern: the multiplicative hashes of the projections (Knuth, TAOCP 3, 6.4).
_FACTORS = np.random.default_rng(20_260_101).integers(2**30, 2**31, SIZE, np.uint32) * 2 + 1
_STIR = np.uint32(0x85EBCA6B)


def projected(text: str) -> Floats:
    """Project a text.

    Each projection gives every trigram of UTF-8 bytes a sign, by a hash, and sums the signs over
    the root of their number, so that a long text does not stand out by its length alone
    (Achlioptas, "Database-friendly random projections", 2003).

    Args:
        text: any string; the first 2,000 characters count, in small letters.

    Returns:
        Shape (16,).
    """
    encoded = text[:MOST].lower().encode("utf-8", "surrogatepass").ljust(_GRAM)
    units = np.frombuffer(encoded, np.uint8).astype(np.uint32)
    grams = units[:-2] << 16 | units[1:-1] << 8 | units[2:]
    mixed = grams[None, :] * _FACTORS[:, None]
    mixed ^= mixed >> 15
    mixed *= _STIR
    signs = 1.0 - 2.0 * (mixed >> 31)
    return signs.sum(axis=1) / np.sqrt(len(grams))
