"""Texts that wait in memory until a thread has time for them: so many at most, and so long ones."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

ROOM = 2048
"""Texts that may wait."""
ROOM_CHARS = 4_000_000
"""Characters that may wait."""


class Waiting(Protocol):
    """What can wait: a text, and whatever goes with it."""

    @property
    def text(self) -> str:
        """Return the text."""


WaitingT = TypeVar("WaitingT", bound=Waiting)


class Backlog(Generic[WaitingT]):
    """A line that is never too long; several threads may use it."""

    def __init__(self) -> None:
        self._items: deque[WaitingT] = deque()
        self._chars = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._items)

    def add(self, items: Sequence[WaitingT]) -> int:
        """Let in as many as there is room for, in their order, and return how many that were."""
        with self._lock:
            for count, item in enumerate(items):
                if len(self._items) >= ROOM or self._chars + len(item.text) > ROOM_CHARS:
                    return count
                self._items.append(item)
                self._chars += len(item.text)
        return len(items)

    def take(
        self, most: int = ROOM, alike: Callable[[WaitingT], object] = lambda _: None
    ) -> list[WaitingT]:
        """Take the oldest ones.

        Args:
            most: how many.
            alike: no more are taken from the first one on for which it is not as for the oldest.
        """
        taken: list[WaitingT] = []
        with self._lock:
            while self._items and len(taken) < most:
                if taken and alike(self._items[0]) != alike(taken[0]):
                    break
                taken.append(self._items.popleft())
                self._chars -= len(taken[-1].text)
        return taken
