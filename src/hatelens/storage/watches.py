"""How far the watch over a model's traffic has come; one process at a time carries it on.

Whoever has watched last goes on. Another process steps in when that one has been silent for a
while; should two try at once, the one that writes first has done the work, and the other finds
that its turn is not written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from hatelens.storage import alarms, canonical
from hatelens.storage.alarms import Alarm
from hatelens.storage.database import Database, RefusedError
from hatelens.storage.tables import watches


@dataclass(frozen=True, slots=True)
class Mark:
    """By what one turn of a watch is told from another.

    Attributes:
        model: version of the model that is watched.
        time: of the turn, microseconds since 1970 in UTC; 0 when it was given up.
        seen: number of the last observation that the watch has seen.
    """

    model: str
    time: int
    seen: int


def begun(database: Database, model: str) -> Mark:
    """Return where the watch over a model stands; one that is not there yet begins.

    Raises:
        StorageError: the database cannot be used.
    """
    found = mark(database, model)
    if found is None:
        try:
            with database.begin() as connection:
                row = {"model": model, "time": 0, "state": "{}", "seen": 0}
                connection.execute(insert(watches).values(row))
        except RefusedError:  # another process was first
            pass
        found = mark(database, model) or Mark(model, 0, 0)
    return found


def mark(database: Database, model: str) -> Mark | None:
    """Return where the watch over a model stands; None where there is none.

    Raises:
        StorageError: the database cannot be read.
    """
    wanted = select(watches.c.model, watches.c.time, watches.c.seen)
    with database.read() as connection:
        row = connection.execute(wanted.where(watches.c.model == model)).first()
    return None if row is None else Mark(**row._asdict())


def state(database: Database, at: Mark) -> Mapping[str, Any] | None:
    """Return the state of a watch; None where it stands elsewhere by now.

    Raises:
        StorageError: the database cannot be read.
    """
    with database.read() as connection:
        found = connection.execute(select(watches.c.state).where(*_is(at))).scalar()
    return None if found is None else json.loads(found)


def latest(database: Database, model: str) -> Mapping[str, Any]:
    """Return the last state of the watch over a model; empty where there is none.

    Raises:
        StorageError: the database cannot be read.
    """
    with database.read() as connection:
        wanted = select(watches.c.state).where(watches.c.model == model)
        return json.loads(connection.execute(wanted).scalar() or "{}")


def keep(
    database: Database,
    before: Mark,
    now: Mark,
    state: Mapping[str, Any],
    raised: Sequence[Alarm] = (),
) -> bool:
    """Write a turn of a watch down together with its alarms.

    Args:
        database: the record.
        before: where the watch stood when the turn began.
        now: where it stands.
        state: of the watch, plain JSON values.
        raised: alarms of this turn.

    Returns:
        False where another process has written a turn meanwhile; then nothing is written.

    Raises:
        StorageError: the database cannot be used.
    """
    values = {"time": now.time, "seen": now.seen, "state": canonical.written(state)}
    with database.begin() as connection:
        changed = connection.execute(update(watches).where(*_is(before)).values(values)).rowcount
        if changed:
            alarms.add(connection, raised)
    return bool(changed)


def release(database: Database, at: Mark) -> None:
    """Let another process go on at once.

    Raises:
        StorageError: the database cannot be used.
    """
    with database.begin() as connection:
        connection.execute(update(watches).where(*_is(at)).values(time=0))


def _is(at: Mark) -> tuple[Any, ...]:
    return (
        watches.c.model == at.model,
        watches.c.time == at.time,
        watches.c.seen == at.seen,
    )
