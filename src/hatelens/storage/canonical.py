"""One spelling for every value, so that what is read back has the digest of what was written."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

# PostgreSQL stores no NUL, neither database a lone surrogate; the others would break a line.
UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def text(value: str) -> str:
    r"""Return a text that every database stores: control characters and surrogates as ``\x00``."""
    if value.isprintable():  # nearly always, and many times quicker
        return value
    return UNFIT.sub(lambda found: ascii(found[0])[1:-1], value)


def number(value: float) -> float:
    """Return a plain float; SQLite gives back no negative zero, so there is none.

    Raises:
        ValueError: it is infinite or no number.
    """
    plain = float(value)
    if not math.isfinite(plain):
        raise ValueError(f"{plain} cannot go on record: it is not finite.")
    return plain + 0.0


def numbers(values: Mapping[str, float]) -> dict[str, float]:
    """Return plain floats by name.

    Raises:
        ValueError: one is infinite or no number.
    """
    return {name: number(value) for name, value in values.items()}


def written(value: Any) -> str:
    """Return JSON in ASCII, keys sorted, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=repr)


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON, in hex."""
    return hashlib.sha256(written(value).encode("ascii")).hexdigest()
