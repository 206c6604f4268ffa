"""A course over time in a bounded number of points: the longer it runs, the coarser it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hatelens.storage import clock

ROOM = 360
STEP = 60 * clock.SECOND


class History:
    """Points in time with some figures each.

    When there is no more room, every second point is dropped, and further ones come half as often.

    Args:
        points: each a time in microseconds since 1970 in UTC, and figures by name; in order.
        step: microseconds from one point to the next at least.

    Attributes:
        points: likewise.
    """

    def __init__(
        self, points: Sequence[tuple[int, Mapping[str, float]]] = (), step: int = STEP
    ) -> None:
        self.points = list(points)
        self._step = step

    def is_due(self, now: int) -> bool:
        """Say whether there is to be a point for this time."""
        return not self.points or now - self.points[-1][0] >= self._step

    def add(self, now: int, figures: Mapping[str, float]) -> None:
        """Add a point."""
        self.points.append((now, figures))
        if len(self.points) > ROOM:
            self.points = self.points[::2]
            self._step *= 2

    def forget(self, before: int) -> None:
        """Drop the points before a time."""
        self.points = [point for point in self.points if point[0] >= before]
        if not self.points:
            self._step = STEP

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"step": self._step, "points": [[when, dict(one)] for when, one in self.points]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> History:
        """Read what ``to_dict`` has returned; an empty one where there is nothing."""
        points = [(int(when), one) for when, one in values.get("points", ())]
        return cls(points, int(values.get("step", STEP)))
