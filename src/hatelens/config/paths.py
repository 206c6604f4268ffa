"""Where hatelens keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """Return the cache folder: ``HATELENS_CACHE``, or ``hatelens`` in the user's cache folder."""
    named = os.environ.get("HATELENS_CACHE")
    if named:
        return Path(named).expanduser()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "hatelens"
