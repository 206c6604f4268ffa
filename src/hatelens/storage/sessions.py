"""Sessions of users who have logged in. A session's token is never stored, only its hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from hatelens.storage import clock, users
from hatelens.storage.database import Database
from hatelens.storage.tables import sessions
from hatelens.storage.tables import users as people
from hatelens.storage.users import User

HOUR = 60 * 60 * clock.SECOND


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has logged in.

    Attributes:
        user: who it is.
        csrf: what every form of the session's pages carries, so that no other page can send one.
        until: when it ends by itself, microseconds since 1970 in UTC.
    """

    user: User
    csrf: str
    until: int


def begin(database: Database, user: User, hours: int) -> tuple[str, Session]:
    """Begin a session, and remove those whose time is over.

    Args:
        database: the record.
        user: who has logged in.
        hours: after which it ends by itself.

    Returns:
        The token for the cookie, which is shown only here, and the session.

    Raises:
        StorageError: the database cannot be used.
    """
    now = clock.now()
    token = secrets.token_urlsafe(32)
    made = Session(user, secrets.token_urlsafe(32), now + hours * HOUR)
    row = {
        "digest": _digest(token),
        "user": user.id,
        "csrf": made.csrf,
        "time": now,
        "until": made.until,
    }
    with database.begin() as connection:
        connection.execute(delete(sessions).where(sessions.c.until <= now))
        connection.execute(insert(sessions).values(row))
    return token, made


def find(database: Database, token: str) -> Session | None:
    """Return the session of a token; None where it is over, or its user disabled.

    Raises:
        StorageError: the database cannot be read.
    """
    wanted = (
        select(sessions.c.csrf, sessions.c.until, people)
        .join(people, people.c.id == sessions.c.user)
        .where(
            sessions.c.digest == _digest(token),
            sessions.c.until > clock.now(),
            people.c.disabled.is_(None),
        )
    )
    with database.read() as connection:
        row = connection.execute(wanted).first()
    return Session(users.user(row._asdict()), row.csrf, row.until) if row else None


def end(database: Database, token: str) -> None:
    """End a session, if there is one.

    Raises:
        StorageError: the database cannot be used.
    """
    with database.begin() as connection:
        connection.execute(delete(sessions).where(sessions.c.digest == _digest(token)))


def _digest(token: str) -> str:
    """Return what is stored of a token; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
