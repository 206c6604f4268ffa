"""API keys: who may ask for what, and how often. A key itself is never stored, only its hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, or_, select, update

from hatelens.errors import ConfigError, unknown
from hatelens.storage import canonical, chain, clock, identity, record
from hatelens.storage.audit import Event
from hatelens.storage.database import Database
from hatelens.storage.tables import keys

SCOPES = ("detect", "respond", "appeals", "jobs", "report", "erase", "metrics")
PREFIX = "hl_"
LONGEST_NAME = 128
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Key:
    """One key, without its secret token.

    Attributes:
        id: of the key; answers name it.
        name: for people.
        scopes: what it may ask for.
        rate: requests a minute; 0 for what the server's settings say.
        created: microseconds since 1970 in UTC.
        revoked: likewise; None while it is good.
    """

    id: str
    name: str
    scopes: frozenset[str]
    rate: int
    created: int
    revoked: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, the times as people write them."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": sorted(self.scopes),
            "rate": self.rate,
            "created": clock.written(self.created),
            "revoked": None if self.revoked is None else clock.written(self.revoked),
        }


def add(
    database: Database, name: str, scopes: Iterable[str] = ("detect",), rate: int = 0
) -> tuple[Key, str]:
    """Make a key.

    Args:
        database: the record.
        name: for people; no two good keys share one.
        scopes: what it may ask for.
        rate: requests a minute; 0 for what the server's settings say.

    Returns:
        The key, and the token that its owner sends: it cannot be shown again.

    Raises:
        ConfigError: the name is empty, too long or taken, a scope does not exist, or the rate is
            out of bounds.
        StorageError: the database cannot be used.
    """
    made = Key(identity.new(), _checked(name), _known(scopes), _bounded(rate), clock.now())
    token = PREFIX + secrets.token_urlsafe(32)
    row = {
        "id": made.id,
        "name": made.name,
        "digest": _digest(token),
        "scopes": ",".join(sorted(made.scopes)),
        "rate": rate,
        "created": made.created,
    }
    facts = {"name": made.name, "scopes": row["scopes"], "rate": rate}
    taken = select(keys.c.id).where(keys.c.name == made.name, keys.c.revoked.is_(None))
    with database.begin() as connection:
        chain.lock(connection)  # of two who want the same name at once, the second looks later
        if connection.execute(taken).first():
            raise ConfigError(
                f"There is a key named {_shown(made.name)} already; revoke it, or choose another "
                "name."
            )
        connection.execute(insert(keys).values(row))
        record.note(connection, Event(identity.new(), made.created, "key.add", made.id, facts))
    return made, token


def find(database: Database, token: str) -> Key | None:
    """Return the key of a token; None where there is none, or where it was revoked.

    Raises:
        StorageError: the database cannot be read.
    """
    if not token.startswith(PREFIX):
        return None
    wanted = select(keys).where(keys.c.digest == _digest(token), keys.c.revoked.is_(None))
    with database.read() as connection:
        row = connection.execute(wanted).first()
    return _key(row._asdict()) if row else None


def revoke(database: Database, named: str) -> Key:
    """End a key.

    Args:
        database: the record.
        named: its id, or its name.

    Returns:
        The key as it is now.

    Raises:
        ConfigError: there is no such key, or it was revoked before.
        StorageError: the database cannot be used.
    """
    wanted = select(keys).where(
        or_(keys.c.id == named, keys.c.name == named), keys.c.revoked.is_(None)
    )
    now = clock.now()
    with database.begin() as connection:
        chain.lock(connection)
        row = connection.execute(wanted).first()
        if row is None:
            raise ConfigError(
                f"No key that is good has the name or id {_shown(named)}; "
                "`hatelens keys list` shows them all."
            )
        ended = _key(row._asdict() | {"revoked": now})
        connection.execute(update(keys).where(keys.c.id == ended.id).values(revoked=now))
        facts = {"name": ended.name}
        record.note(connection, Event(identity.new(), now, "key.revoke", ended.id, facts))
    return ended


def listed(database: Database) -> list[Key]:
    """Return all keys, also revoked ones, oldest first.

    Raises:
        StorageError: the database cannot be read.
    """
    with database.read() as connection:
        rows = connection.execute(select(keys).order_by(keys.c.created, keys.c.id))
        return [_key(row._asdict()) for row in rows]


def _key(row: Mapping[str, Any]) -> Key:
    scopes = frozenset(row["scopes"].split(","))
    return Key(row["id"], row["name"], scopes, row["rate"], row["created"], row["revoked"])


def _digest(token: str) -> str:
    """Return what is stored of a token; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _checked(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME or name != canonical.text(name):
        raise ConfigError(
            f"A key cannot be named {_shown(name)}; give 1 to {LONGEST_NAME} printable characters."
        )
    return name


def _known(scopes: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(scopes)
    for scope in sorted(wanted):
        if scope not in SCOPES:
            raise ConfigError(unknown("scope", _shown(scope).strip("'"), SCOPES))
    if not wanted:
        raise ConfigError(f"A key needs a scope. There are {', '.join(SCOPES)}.")
    return wanted


def _bounded(rate: int) -> int:
    if not 0 <= rate <= MOST:
        raise ConfigError(f"The rate is {rate}; it must be 0 to {MOST} requests a minute.")
    return rate


def _shown(value: str) -> str:
    return ascii(value[:40])
