"""The options ``--since`` and ``--until``."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

Since: TypeAlias = Annotated[
    str | None, typer.Option(metavar="DATE", help="First day in UTC, or a moment.")
]
Until: TypeAlias = Annotated[
    str | None, typer.Option(metavar="DATE", help="Last day, or the moment before which.")
]


def read(since: str | None, until: str | None) -> tuple[int | None, int | None]:
    """Return begin and end in microseconds since 1970 in UTC, the end not included.

    Raises:
        ConfigError: one is no day and no moment.
    """
    from hatelens.storage import clock

    begin = None if since is None else clock.moment(since)
    return begin, None if until is None else clock.moment(until, end=True)
