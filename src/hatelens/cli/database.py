"""Opens the service's record for the commands that read or change it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.errors import require

if TYPE_CHECKING:
    from hatelens.storage.database import Database

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; a password is safer in "
        "HATELENS_DATABASE. [default: sqlite:///hatelens.db]",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def opened(url: str | None, *, new: bool = False) -> Iterator[Database]:
    """Hold the record open.

    Args:
        url: of the database; None for what ``HATELENS_DATABASE`` says.
        new: whether there may be none yet.

    Raises:
        MissingExtraError: the libraries of the service are not installed.
        ConfigError: the URL is none that can be used.
        StorageError: there is no record.
    """
    for library in ("sqlalchemy", "alembic", "cryptography", "pydantic_settings"):
        require(library, "serve")
    from hatelens.config import settings
    from hatelens.storage import database

    found = database.opened(settings.read(database=url).database, new=new)
    try:
        yield found
    finally:
        found.close()
