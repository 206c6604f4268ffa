"""``hatelens keys``: who may ask the service, for what, and how often."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli import listing
from hatelens.cli.database import AsJson, DatabaseUrl, opened

if TYPE_CHECKING:
    from hatelens.storage.keys import Key

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Add, revoke and list keys.")


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What it may ask for: detect, respond, jobs, report, erase or metrics; once for "
            "each. [default: detect]"
        ),
    ] = None,
    rate: Annotated[
        int, typer.Option(help="Requests a minute; 0 for what HATELENS_RATE_LIMIT says.")
    ] = 0,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it. It is shown this once; only its hash is stored."""
    with opened(database, new=True) as found:
        from hatelens.storage import keys

        made, token = keys.add(found, name, scope or ["detect"], rate)
    if as_json:
        sys.stdout.write(json.dumps(made.to_dict() | {"key": token}) + "\n")
        return
    sys.stderr.write(f"Key {made.id} for {', '.join(sorted(made.scopes))}; it is shown once:\n")
    sys.stdout.write(f"{token}\n")


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(metavar="NAME", help="Name or id of the key.")],
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """End a key. A running service stops taking it within seconds."""
    with opened(database) as found:
        from hatelens.storage import keys

        ended = keys.revoke(found, key)
    sys.stdout.write(json.dumps(ended.to_dict()) + "\n" if as_json else f"{ended.id} is revoked.\n")


@app.command("list")
def list_keys(database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List all keys, also revoked ones."""
    with opened(database) as found:
        from hatelens.storage import keys

        there = keys.listed(found)
    if as_json:
        sys.stdout.write(json.dumps([key.to_dict() for key in there], indent=2) + "\n")
    else:
        _print(there)


def _print(there: list[Key]) -> None:
    listing.write([("NAME", "ID", "SCOPES", "RATE", "CREATED", "REVOKED"), *map(_row, there)])


def _row(key: Key) -> tuple[str, ...]:
    facts = key.to_dict()
    days = ((facts[name] or "-")[:10] for name in ("created", "revoked"))
    return (key.name, key.id, ",".join(facts["scopes"]), str(key.rate or "-"), *days)
