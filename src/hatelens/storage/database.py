"""The database of the record: SQLite in a file, or PostgreSQL by URL."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import DataError as ValueRefused

from hatelens.errors import ConfigError, StorageError
from hatelens.storage import schema
from hatelens.storage.turn import turn

PATIENCE = 30
"""Seconds to wait for another writer, or for a free connection."""
DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
ALLOWED = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
ON_SQLITE = (
    # An answer that was acknowledged must outlast a power cut; WAL alone promises that to no one.
    "PRAGMA synchronous = FULL",
    # What is erased is overwritten, too.
    "PRAGMA secure_delete = ON",
)
ON_POSTGRESQL = (
    f"SET lock_timeout = '{PATIENCE}s'",
    (
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'"
    ),
)


class RefusedError(StorageError):
    """The database answers, but refuses a row."""


class Database:
    """An opened database, for any number of threads.

    Args:
        engine: of SQLAlchemy.

    Attributes:
        url: where it is, without a password.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.url = _shown(engine.url)
        sqlite = engine.dialect.name == "sqlite"
        self._file = str(Path(str(engine.url.database)).absolute()) if sqlite else ""

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Hold a transaction that writes; it is committed at the end, or nothing of it.

        Raises:
            StorageError: the database does not answer, or refuses.
        """
        turns = turn(self._file, PATIENCE) if self._file else nullcontext()
        # Taking SQLite's write lock at once: who only reads first may never get it.
        with turns, self._transaction(sqlite_begin="IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Hold a transaction that reads one state of the database, whatever others write.

        Raises:
            StorageError: the database does not answer, or refuses.
        """
        options: dict[str, Any] = {}
        if self._engine.dialect.name == "postgresql":
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._transaction(**options) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, **options: Any) -> Iterator[Connection]:
        try:
            with (
                self._engine.connect().execution_options(**options) as connection,
                connection.begin(),
            ):
                yield connection
        except (IntegrityError, ValueRefused) as error:
            line = f"The database {self.url} refuses a row: {_reason(error)}."
            raise RefusedError(line) from error
        except SQLAlchemyError as error:
            raise _unusable(self.url, _reason(error)) from error


def opened(url: str, *, new: bool = True) -> Database:
    """Open a database; make or update its tables first, whichever process comes first.

    Args:
        url: as ``sqlite:///hatelens.db`` or ``postgresql://user:password@host/name``.
        new: whether an empty database may be made into one of ours.

    Raises:
        ConfigError: the URL is none that can be used.
        StorageError: the database cannot be opened, or it is not ours.
    """
    read = _read(url)
    sqlite = read.get_backend_name() == "sqlite"
    if sqlite:
        _prepare(read, new=new)
    database = Database(_engine(read, sqlite=sqlite))
    try:
        with database.read() as connection:
            version = schema.version(connection)
        if version is None and not new:
            raise StorageError(f"There is no record in {database.url}; name the server's database.")
        if version != schema.LATEST:
            with database.begin() as connection:
                schema.upgrade(connection)
    except StorageError:
        database.close()
        raise
    return database


def _read(url: str) -> URL:
    try:
        read = make_url(url)
        driver = DRIVERS[read.drivername]
    except (ArgumentError, KeyError, ValueError):
        # The text itself is not shown, for it may hold a password.
        raise ConfigError(f"The database is no URL that can be used; give {ALLOWED}.") from None
    read = read.set(drivername=driver)
    if driver == DRIVERS["sqlite"] and (read.database or ":memory:").startswith((":", "file:")):
        raise ConfigError(f"A database in memory forgets the record; give {ALLOWED}.")
    return read


def _engine(url: URL, *, sqlite: bool) -> Engine:
    wait = {"timeout": PATIENCE} if sqlite else {"connect_timeout": PATIENCE}
    engine = create_engine(
        url,
        connect_args={key: value for key, value in wait.items() if key not in url.query},
        pool_pre_ping=not sqlite,
        pool_timeout=PATIENCE,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        if sqlite:
            connection.isolation_level = None  # its own idea of when to begin is not ours
        cursor = connection.cursor()
        for statement in ON_SQLITE if sqlite else ON_POSTGRESQL:
            cursor.execute(statement)
        cursor.close()
        connection.commit()

    if sqlite:

        @event.listens_for(engine, "begin")
        def begun(connection: Connection) -> None:
            kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
            connection.exec_driver_sql(f"BEGIN {kind}")

    return engine


def _prepare(url: URL, *, new: bool) -> None:
    """Make the file, for its owner only, and let it be read while it is written (WAL)."""
    path = str(url.database)
    try:
        flags = os.O_RDWR | (os.O_CREAT if new else 0)
        os.close(os.open(path, flags, mode=0o600))
        _write_ahead(path)
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise _unusable(_shown(url), str(reason)) from error
    except sqlite3.Error as error:
        raise _unusable(_shown(url), str(error)) from error


def _write_ahead(path: str) -> None:
    deadline = time.monotonic() + PATIENCE
    with closing(sqlite3.connect(path, timeout=PATIENCE)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                # Two that switch a new file at once: SQLite does not wait here by itself.
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return


def _shown(url: URL) -> str:
    """Return a URL without its password, also one in its query."""
    name = url.drivername.partition("+")[0]
    return url.set(drivername=name, query={}).render_as_string(hide_password=True)


def _reason(error: SQLAlchemyError) -> str:
    """Return the first line that the database itself says: the rest can hold values."""
    said = str(error.orig if isinstance(error, DBAPIError) else error)
    return (said.splitlines() or ["no reason given"])[0].rstrip(".:")


def _unusable(url: str, reason: str) -> StorageError:
    return StorageError(
        f"The database {url} cannot be used: {reason}. Check that it is there, that it is the "
        "record of hatelens, and HATELENS_DATABASE."
    )
