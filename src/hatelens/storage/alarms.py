"""Alarms: what the watch over the traffic has raised, on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from hatelens.storage import canonical, clock, identity, record
from hatelens.storage.audit import Event
from hatelens.storage.database import Database
from hatelens.storage.tables import alarms

KIND = "drift.alarm"


@dataclass(frozen=True, slots=True)
class Alarm:
    """That live texts are no longer what the model was made for.

    Attributes:
        id: of this alarm.
        time: of the text that raised it, microseconds since 1970 in UTC.
        model: version of the model that is watched.
        signal: what has changed, as ``score`` or ``length``.
        method: by what it was seen, as ``psi``.
        value: that was found.
        limit: above which it is an alarm.
        window: number of texts that it was found in.
        explanation: in one sentence.
    """

    id: str
    time: int
    model: str
    signal: str
    method: str
    value: float
    limit: float
    window: int
    explanation: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, the time as people write it."""
        return asdict(self) | {"time": clock.written(self.time)}


def add(connection: Connection, found: Sequence[Alarm]) -> None:
    """Write alarms down, each with its event in the audit chain."""
    if not found:
        return
    connection.execute(insert(alarms), [_row(one) for one in found])
    record.add(connection, [record.written(_event(one)) for one in found])


def latest(database: Database, most: int = 100) -> list[Alarm]:
    """Return the newest alarms, the newest first.

    Raises:
        StorageError: the database cannot be read.
    """
    wanted = select(alarms).order_by(alarms.c.time.desc(), alarms.c.id.desc()).limit(most)
    with database.read() as connection:
        rows = [row._asdict() for row in connection.execute(wanted)]
    return [Alarm(limit=row.pop("limit_"), **row) for row in rows]


def _row(alarm: Alarm) -> dict[str, Any]:
    row = asdict(alarm)
    row["limit_"] = canonical.number(row.pop("limit"))
    return row | {
        "value": canonical.number(alarm.value),
        "explanation": canonical.text(alarm.explanation),
    }


def _event(alarm: Alarm) -> Event:
    facts = {
        "model": alarm.model,
        "signal": alarm.signal,
        "method": alarm.method,
        "value": canonical.number(alarm.value),
        "limit": canonical.number(alarm.limit),
        "window": alarm.window,
    }
    return Event(identity.new(), alarm.time, KIND, alarm.id, facts)
