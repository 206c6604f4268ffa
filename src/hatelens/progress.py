"""Progress bars of long work, on stderr and only where a person is looking."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def track(
    items: Iterable[Item], what: str, *, total: float | None = None, shown: bool = True
) -> Iterator[Item]:
    """Pass items through under a progress bar.

    Args:
        items: the work.
        what: one word before the bar, as in ``Embedding``.
        total: how many there are; None to ask the items, or to show a bar without an end.
        shown: whether a bar is wanted at all.
    """
    if not shown or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console  # only here: most calls show no bar
    from rich.progress import track as bar

    yield from bar(items, what, total=total, console=Console(stderr=True))
