"""``hatelens audit``: whether the service's record still is what was written."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli.database import AsJson, DatabaseUrl, opened

if TYPE_CHECKING:
    from hatelens.storage.audit import Verdict

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Check the record of the service."
)


@app.callback()
def group() -> None:
    """Hold the commands, even while there is only one."""


@app.command("verify")
def verify(
    expected: Annotated[
        str,
        typer.Option(help="Head that an earlier walk has printed; it must still be in the chain."),
    ] = "",
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Walk the audit chain and every row it speaks of; exit 1 where something was changed.

    The service may go on meanwhile. Note the printed head somewhere else: who can write the whole
    database can make a chain anew, but not one that still has that head.
    """
    with opened(database) as found:
        from hatelens.storage import audit

        verdict = audit.verify(found, expected=expected)
    sys.stdout.write(json.dumps(asdict(verdict)) + "\n" if as_json else _worded(verdict))
    if verdict.fault:
        raise typer.Exit(1)


def _worded(verdict: Verdict) -> str:
    if verdict.fault:
        return f"BROKEN. {verdict.fault}\n{verdict.entries} entries before that are right.\n"
    return f"All {verdict.entries} entries are right.\nHead: {verdict.head}\n"
