"""A list on the terminal: rows in columns, each as wide as its longest cell."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def write(rows: Sequence[Sequence[str]]) -> None:
    """Write rows of equal length to stdout, the first one as the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
