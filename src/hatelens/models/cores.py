"""How many threads a model may use."""

from __future__ import annotations

import os

VARIABLE = "HATELENS_THREADS"


def available() -> int:
    """Return the cores that this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def threads() -> int:
    """Return the threads that a model may use: as ``HATELENS_THREADS`` says, else all cores."""
    return int(os.environ.get(VARIABLE, "0")) or available()
