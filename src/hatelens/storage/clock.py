"""Times on record: microseconds since 1970 in UTC, and their form for people."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from hatelens.errors import ConfigError

SECOND = 1_000_000
DAY = 24 * 60 * 60 * SECOND
START = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> int:
    """Return the time, in microseconds."""
    return time.time_ns() // 1000


def moment(text: str, *, end: bool = False) -> int:
    """Read a date or a time as people write it; without a zone it is UTC.

    Args:
        text: as ``2026-01-31`` or ``2026-01-31T12:00+01:00``.
        end: whether a bare date means the end of its day.

    Raises:
        ConfigError: it is neither a date nor a time.
    """
    try:
        read = datetime.fromisoformat(text)
        read = read if read.tzinfo else read.replace(tzinfo=UTC)
        if end and len(text) <= len("2026-01-31"):
            read += timedelta(days=1)
        return (read - START) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        shown = ascii(text)[:40]
        raise ConfigError(
            f"{shown} is no date; write it as 2026-01-31, or with a time as 2026-01-31T12:00."
        ) from None


def written(when: int) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    return (START + timedelta(microseconds=when)).strftime("%Y-%m-%dT%H:%M:%SZ")
