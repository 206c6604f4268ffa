"""How often somebody may ask: a bucket of requests for each, which fills up again all the time.

The buckets are in the memory of one process: with several workers each counts for itself.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 60.0
MOST = 65_536


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether one more request is allowed.

    Attributes:
        granted: whether it is.
        limit: requests a minute.
        left: whole requests that could follow at once.
        wait: seconds until the next one is allowed; 0 where it is now.
        full: seconds until the bucket is full again.
    """

    granted: bool
    limit: int
    left: int
    wait: float
    full: float

    def headers(self) -> dict[str, str]:
        """Return what the answer says of it (IETF draft ``ratelimit-headers``)."""
        return {
            "RateLimit-Policy": f'"requests";q={self.limit};w={WINDOW:.0f}',
            "RateLimit": f'"requests";r={self.left};t={math.ceil(self.full)}',
        }

    @property
    def seconds(self) -> int:
        """Whole seconds to wait before asking again."""
        return max(1, math.ceil(self.wait))


class Rates:
    """The buckets; a new one is full and holds a minute's requests.

    Args:
        most: buckets that are held; beyond it the one that was used longest ago is dropped,
            which only gives its owner a full one.
        clock: seconds that never go back.
    """

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many buckets are held."""
        return len(self._buckets)

    def take(self, who: str, limit: int) -> Allowance:
        """Take one request out of somebody's bucket, if one is there.

        Args:
            who: a key or an address.
            limit: requests a minute, at least 1.
        """
        now = self._clock()
        level, when = self._buckets.pop(who, (float(limit), now))
        level = min(limit, level + (now - when) * limit / WINDOW)
        granted = level >= 1
        level -= granted
        self._buckets[who] = level, now
        self._drop(now)
        each = WINDOW / limit
        return Allowance(
            granted, limit, int(level), max(0.0, 1 - level) * each, (limit - level) * each
        )

    def _drop(self, now: float) -> None:
        """Drop buckets from the oldest on: those beyond the most, and two that must be full."""
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        for _ in range(2):
            oldest = next(iter(self._buckets.values()))
            if now - oldest[1] < WINDOW:
                return
            self._buckets.popitem(last=False)
