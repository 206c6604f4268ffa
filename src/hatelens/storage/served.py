"""Which model is served, which one runs in its shadow, and which one was served before.

A command writes it down; each process of the service looks, loads the model, and says on record
how that went.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from hatelens.errors import ConfigError
from hatelens.storage import canonical, chain, clock, identity, record
from hatelens.storage.audit import Event
from hatelens.storage.database import Database
from hatelens.storage.tables import events, served

ACTIVE, SHADOW, PREVIOUS = "active", "shadow", "previous"
LOADED, FAILED = "model.load", "model.fail"
OF_START = "what `hatelens serve` was started with"


@dataclass(frozen=True, slots=True)
class Served:
    """A model and what it is there for.

    Attributes:
        role: ``active`` answers, ``shadow`` is compared with it, ``previous`` answered before.
        path: of its folder; empty for the model that the service was started with.
        version: of the model, when it was named; empty likewise.
        time: when it was named, microseconds since 1970 in UTC.
        by: who named it.
    """

    role: str
    path: str
    version: str
    time: int
    by: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, the time as people write it."""
        return {
            "role": self.role,
            "path": self.path,
            "version": self.version,
            "time": clock.written(self.time),
            "by": self.by,
        }


@dataclass(frozen=True, slots=True)
class Uptake:
    """What the service has said of a model since it was named.

    Attributes:
        loaded: how many processes have loaded it, those that are gone included.
        failure: why the last one could not; empty where it could.
    """

    loaded: int
    failure: str = ""


def listed(database: Database) -> dict[str, Served]:
    """Return what is there, by role.

    Raises:
        StorageError: the database cannot be read.
    """
    with database.read() as connection:
        return _listed(connection)


def shadow(database: Database, path: str, version: str, by: str) -> Served:
    """Let a model run in the shadow of the one that answers, in the place of any other.

    Raises:
        StorageError: the database cannot be used.
    """
    with database.begin() as connection:
        chain.lock(connection)
        named = Served(SHADOW, canonical.text(path), version, clock.now(), canonical.text(by))
        _put(connection, named)
        _note(connection, "model.shadow", named)
    return named


def unshadow(database: Database, by: str) -> Served:
    """Let no model run in the shadow any more.

    Raises:
        ConfigError: there is none.
        StorageError: the database cannot be used.
    """
    with database.begin() as connection:
        chain.lock(connection)
        found = _shadow(connection)
        _remove(connection, SHADOW)
        _note(connection, "model.unshadow", replace(found, by=by, time=clock.now()))
    return found


def promote(database: Database, by: str) -> Served:
    """Let the model in the shadow answer; the one that answers now becomes the previous one.

    Raises:
        ConfigError: no model runs in the shadow.
        StorageError: the database cannot be used.
    """
    with database.begin() as connection:
        chain.lock(connection)
        found = _shadow(connection)
        now = clock.now()
        old = _listed(connection).get(ACTIVE) or Served(ACTIVE, "", "", now, "")
        promoted = replace(found, role=ACTIVE, time=now, by=canonical.text(by))
        _remove(connection, SHADOW)
        _put(connection, promoted)
        _put(connection, replace(old, role=PREVIOUS))
        _note(connection, "model.promote", promoted, old)
    return promoted


def rollback(database: Database, by: str) -> Served:
    """Let the previous model answer again; the one that answers now becomes the previous one.

    Raises:
        ConfigError: there is no previous one.
        StorageError: the database cannot be used.
    """
    with database.begin() as connection:
        chain.lock(connection)
        there = _listed(connection)
        if PREVIOUS not in there or ACTIVE not in there:
            raise ConfigError(
                f"No model was promoted, so there is none to go back to: {OF_START} answers."
            )
        old = there[ACTIVE]
        back = replace(there[PREVIOUS], role=ACTIVE, time=clock.now(), by=canonical.text(by))
        _put(connection, back)
        _put(connection, replace(old, role=PREVIOUS))
        _note(connection, "model.rollback", back, old)
    return back


def loaded(named: Served, policy: str) -> Event:
    """Return what goes on record when a process has loaded a model."""
    return _said(LOADED, named, policy=policy)


def failed(named: Served, reason: str) -> Event:
    """Return what goes on record when a process could not load a model.

    Args:
        named: the model.
        reason: in one line.
    """
    return _said(FAILED, named, reason=reason)


def uptake(database: Database, named: Served) -> Uptake:
    """Return what the service has said of a model since it was named.

    Raises:
        StorageError: the database cannot be read.
    """
    wanted = (
        select(events.c.kind, events.c.facts)
        .where(
            events.c.kind.in_((LOADED, FAILED)),
            events.c.subject == named.version,
            events.c.time >= named.time,
        )
        .order_by(events.c.time, events.c.id)
    )
    with database.read() as connection:
        found = [(row.kind, json.loads(row.facts)) for row in connection.execute(wanted)]
    said = [(kind, facts) for kind, facts in found if facts.get("role", ACTIVE) == named.role]
    count = sum(kind == LOADED for kind, _ in said)
    failure = str(said[-1][1].get("reason", "")) if said and said[-1][0] == FAILED else ""
    return Uptake(count, failure)


def _listed(connection: Connection) -> dict[str, Served]:
    rows = connection.execute(select(served).order_by(served.c.role))
    return {row.role: Served(**row._asdict()) for row in rows}


def _shadow(connection: Connection) -> Served:
    found = _listed(connection).get(SHADOW)
    if found is None:
        raise ConfigError("No model runs in the shadow; name one: hatelens models shadow FOLDER.")
    return found


def _put(connection: Connection, named: Served) -> None:
    _remove(connection, named.role)
    row = {name: getattr(named, name) for name in ("role", "path", "version", "time", "by")}
    connection.execute(insert(served).values(row))


def _remove(connection: Connection, role: str) -> None:
    connection.execute(delete(served).where(served.c.role == role))


def _note(connection: Connection, kind: str, named: Served, old: Served | None = None) -> None:
    facts: Mapping[str, str] = {"path": named.path, "by": named.by}
    before = {} if old is None else {"before": old.version}
    event = Event(identity.new(), clock.now(), kind, named.version, {**facts, **before})
    record.note(connection, event)


def _said(kind: str, named: Served, **facts: str) -> Event:
    return Event(identity.new(), clock.now(), kind, named.version, {"role": named.role, **facts})
