"""Users: the people who review. A password is never stored, only its Argon2id hash."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, select, update

from hatelens.errors import ConfigError, unknown
from hatelens.storage import canonical, chain, clock, identity, record
from hatelens.storage.audit import Event
from hatelens.storage.database import Database
from hatelens.storage.tables import sessions, users

ROLES = ("reviewer", "admin")
LONGEST_NAME = 64
SHORTEST = 12
LONGEST = 1024
"""Characters of a password."""
# The second recommended choice of RFC 9106, section 4: 64 MiB for each hash, so few at once.
HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4, type=Type.ID)
AT_ONCE = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class User:
    """One person who reviews, without the password.

    Attributes:
        id: of the user; verdicts name it.
        name: that is typed to log in.
        role: one of ``ROLES``.
        created: microseconds since 1970 in UTC.
        disabled: likewise; None while the user may log in.
    """

    id: str
    name: str
    role: str
    created: int
    disabled: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, the times as people write them."""
        return {
            "id": self.id,
            "name": self.name,
            "role": self.role,
            "created": clock.written(self.created),
            "disabled": None if self.disabled is None else clock.written(self.disabled),
        }


def add(database: Database, name: str, password: str, role: str) -> User:
    """Make a user.

    Args:
        database: the record.
        name: that is typed to log in; nobody else has or had it.
        password: of 12 to 1024 characters.
        role: one of ``ROLES``.

    Raises:
        ConfigError: the name is taken or none that can be, the password is too short or too long,
            or there is no such role.
        StorageError: the database cannot be used.
    """
    made = User(identity.new(), _checked(name), _known(role), clock.now())
    row = {
        "id": made.id,
        "name": made.name,
        "digest": _hashed(password),
        "role": made.role,
        "created": made.created,
    }
    taken = select(users.c.id).where(users.c.name == made.name)
    with database.begin() as connection:
        chain.lock(connection)  # of two who want the same name at once, the second looks later
        if connection.execute(taken).first():
            raise ConfigError(
                f"There is or was a user named {_shown(made.name)}; choose another name, for the "
                "record tells people apart by theirs."
            )
        connection.execute(insert(users).values(row))
        facts = {"name": made.name, "role": made.role}
        record.note(connection, Event(identity.new(), made.created, "user.add", made.id, facts))
    return made


def renew(database: Database, name: str, password: str) -> bool:
    """Give a user another password and end all sessions; False where there is no such user.

    Raises:
        ConfigError: the password is too short or too long.
        StorageError: the database cannot be used.
    """
    return _change(database, name, "user.password", digest=_hashed(password))


def disable(database: Database, name: str) -> bool:
    """Let a user in no more, and end all sessions; False where there is no such user.

    Raises:
        StorageError: the database cannot be used.
    """
    return _change(database, name, "user.disable", disabled=clock.now())


def listed(database: Database) -> list[User]:
    """Return all users, also disabled ones, oldest first.

    Raises:
        StorageError: the database cannot be read.
    """
    with database.read() as connection:
        rows = connection.execute(select(users).order_by(users.c.created, users.c.id))
        return [user(row._asdict()) for row in rows]


def by_password(database: Database, name: str, password: str) -> User | None:
    """Return who logs in with a name and a password; None where that is nobody.

    It takes as long for a name that does not exist, so that nobody learns which do.

    Raises:
        StorageError: the database cannot be read.
    """
    nobody = _nobody()
    wanted = select(users).where(users.c.name == name, users.c.disabled.is_(None))
    with database.read() as connection:
        row = connection.execute(wanted).first()
    right = _verified(row.digest if row else nobody, password)
    return user(row._asdict()) if row and right else None


def names(database: Database) -> dict[str, str]:
    """Return what the users are called, by id.

    Raises:
        StorageError: the database cannot be read.
    """
    return {one.id: one.name for one in listed(database)}


def user(row: Mapping[str, Any]) -> User:
    """Return the user of a row of the table ``users``."""
    return User(row["id"], row["name"], row["role"], row["created"], row["disabled"])


def _change(database: Database, name: str, kind: str, **values: Any) -> bool:
    wanted = select(users.c.id).where(users.c.name == name, users.c.disabled.is_(None))
    with database.begin() as connection:
        chain.lock(connection)
        found = connection.execute(wanted).scalar()
        if found is None:
            return False
        connection.execute(update(users).where(users.c.id == found).values(values))
        connection.execute(delete(sessions).where(sessions.c.user == found))
        record.note(connection, Event(identity.new(), clock.now(), kind, found, {}))
    return True


def _hashed(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConfigError(
            f"The password has {len(password)} characters; it must have {SHORTEST} to {LONGEST}."
        )
    with AT_ONCE:
        return HASHER.hash(_plain(password))


def _verified(digest: str, password: str) -> bool:
    if len(password) > LONGEST:
        return False
    try:
        with AT_ONCE:
            return HASHER.verify(digest, _plain(password))
    except (VerificationError, InvalidHashError):
        return False


def _plain(password: str) -> bytes:
    """Spell a password the one way, for keyboards differ in how they compose letters."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _nobody() -> str:
    """Return the hash of a password that nobody has."""
    return HASHER.hash(secrets.token_bytes(32))


def _checked(name: str) -> str:
    if name != name.strip() or not 0 < len(name) <= LONGEST_NAME or name != canonical.text(name):
        raise ConfigError(
            f"A user cannot be named {_shown(name)}; give 1 to {LONGEST_NAME} printable "
            "characters, without spaces around them."
        )
    return name


def _known(role: str) -> str:
    if role not in ROLES:
        raise ConfigError(unknown("role", _shown(role).strip("'"), ROLES))
    return role


def _shown(value: str) -> str:
    return ascii(value[:40])
