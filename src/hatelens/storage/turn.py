"""Turns at writing an SQLite file, so that no process starves beside one that writes all the time.

SQLite lets a waiting process look again ever more rarely, at last ten times a second, and who has
just written may write again at once. Its own lock still is what keeps writers apart.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hatelens.errors import StorageError

if sys.platform != "win32":
    import fcntl

LOOK = 0.001
"""Seconds between two looks at a lock that somebody has."""


@contextmanager
def turn(path: str, patience: float) -> Iterator[None]:
    """Hold the turn at a database; it ends with the process, however that ends.

    Who wants to write again waits behind ``next`` until the one who stands there has the turn.

    Args:
        path: of the database file; its locks lie beside it.
        patience: seconds to wait for each of the two locks.

    Raises:
        StorageError: nobody gave the turn up in time, or a lock cannot be made.
    """
    place = _taken(f"{path}-next", patience)
    try:
        mine = _taken(f"{path}-turn", patience)
    finally:
        os.close(place)
    try:
        yield
    finally:
        os.close(mine)


def _taken(path: str, patience: float) -> int:
    """Return the file that holds a lock until it is closed; opened anew, for a fork shares it."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise StorageError(f"The database cannot be written: {path!a}: {reason}.") from error
    deadline = time.monotonic() + patience
    while not _locked(file):
        if time.monotonic() > deadline:
            os.close(file)
            raise StorageError("The database is busy: another process does not end its writing.")
        time.sleep(LOOK)
    return file


def _locked(file: int) -> bool:
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
