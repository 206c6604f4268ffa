"""How often somebody has failed to log in, so that nobody tries out passwords.

The counts are in the memory of one process: with several workers each counts for itself.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

WINDOW = 15 * 60.0
BY_NAME = 10
"""Failures of a name from an address; the name's owner can still log in from another one."""
BY_ADDRESS = 50
MOST = 65_536


class Failures:
    """The failures of the last 15 minutes, by address and by name and address.

    Args:
        most: counts that are held; beyond it the oldest is dropped.
        clock: seconds that never go back.
    """

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._times: OrderedDict[tuple[str, ...], list[float]] = OrderedDict()

    def begin(self, name: str, address: str) -> int:
        """Count an attempt as failed until it succeeds, so that many at once are no way around.

        Returns:
            0 where it may be made; else, with nothing counted, the seconds to wait.
        """
        limits = {(address, name[:64]): BY_NAME, (address,): BY_ADDRESS}
        waits = [self._wait(who, limit) for who, limit in limits.items()]
        if any(waits):
            return max(waits)
        for who in limits:
            self._times.setdefault(who, []).append(self._clock())
            self._times.move_to_end(who)
        while len(self._times) > self._most:
            self._times.popitem(last=False)
        return 0

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name from an address, and the attempt that was none."""
        self._times.pop((address, name[:64]), None)
        if tried := self._times.get((address,)):
            tried.pop()

    def _wait(self, who: tuple[str, ...], limit: int) -> int:
        now = self._clock()
        recent = [when for when in self._times.get(who, ()) if when > now - WINDOW]
        if who in self._times:
            self._times[who] = recent
        return 0 if len(recent) < limit else max(1, math.ceil(recent[-limit] + WINDOW - now))
