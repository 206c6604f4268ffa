"""What a benchmark was run on, in one line."""

from __future__ import annotations

import os
import platform


def machine() -> str:
    """Say what this was measured on."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
