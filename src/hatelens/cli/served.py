"""``hatelens models shadow | promote | rollback | served``: which model a service answers with."""

from __future__ import annotations

import getpass
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli.database import AsJson, DatabaseUrl, opened
from hatelens.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from hatelens.storage.database import Database
    from hatelens.storage.served import Served

ROLES = ("active", "shadow", "previous")


def shadow(
    folder: Annotated[
        str, typer.Argument(help="Model folder, where the service can read it; empty with --off.")
    ] = "",
    off: Annotated[bool, typer.Option("--off", help="Let none run in the shadow.")] = False,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Let a second model label what a running service answers; GET /report compares the two."""
    if off == bool(folder):
        raise ConfigError("Give a model folder, or --off to end the model in the shadow.")
    path, version = ("", "") if off else _found(folder)
    with opened(database) as record:
        from hatelens.storage import served

        if off:
            named = served.unshadow(record, _who())
        else:
            named = served.shadow(record, path, version, _who())
    line = "no longer runs in the shadow" if off else "runs in the shadow within seconds"
    _print(named, f"Model {named.version} {line}.", as_json=as_json)


def promote(database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Let the model in the shadow answer, without a restart; it also answers after one."""
    with opened(database) as record:
        from hatelens.storage import served

        _check(record)
        named = served.promote(record, _who())
    _print(named, f"Model {named.version} answers within seconds.", as_json=as_json)


def rollback(database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Let the model answer again that did before the last change."""
    with opened(database) as record:
        from hatelens.storage import served

        named = served.rollback(record, _who())
    which = f"Model {named.version}" if named.version else "The model that serve was started with"
    _print(named, f"{which} answers within seconds.", as_json=as_json)


def list_served(database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show which model answers, which one is in the shadow, and whether the service has them."""
    with opened(database) as record:
        from hatelens.storage import served

        there = served.listed(record)
        found = [there[role] for role in ROLES if role in there]
        facts = [one.to_dict() | {"state": _state(record, one)} for one in found]
    if as_json:
        sys.stdout.write(json.dumps(facts, indent=2) + "\n")
        return
    if "active" not in there:
        sys.stdout.write("active    what hatelens serve was started with; none was promoted\n")
    for one in facts:
        path = one["path"] or "what hatelens serve was started with"
        named = f"{one['version']}  {path}" if one["version"] else path
        said = f" ({one['time']}{' by ' + one['by'] if one['by'] else ''})"
        sys.stdout.write(f"{one['role']:<9} {named}{said}\n")
        sys.stdout.write(f"          {one['state']}\n" if one["state"] else "")


def _found(folder: str) -> tuple[str, str]:
    """Return the whole path of a model folder, and the version of the model in it."""
    from hatelens.models import folder as folders

    path = folders.find(folder).resolve()
    return str(path), folders.read(path).model_version


def _check(record: Database) -> None:
    """Refuse to promote what the service could not take up, or would not find again.

    Raises:
        ModelError: the model in the shadow is no longer what it was, or could not be loaded.
    """
    from hatelens.storage import served

    named = served.listed(record).get(served.SHADOW)
    if named is None:
        return  # which `promote` says better
    _, version = _found(named.path)
    if version != named.version:
        raise ModelError(
            f"{named.path} holds version {version} by now, not {named.version}; look at that one "
            "first: hatelens models shadow FOLDER."
        )
    if failure := served.uptake(record, named).failure:
        raise ModelError(f"The service could not load the model in the shadow: {failure}")


def _state(record: Database, named: Served) -> str:
    from hatelens.storage import served

    if not named.version or named.role == served.PREVIOUS:
        return ""
    found = served.uptake(record, named)
    if found.failure:
        return f"cannot be loaded: {found.failure}"
    if not found.loaded:
        return "no running service has it yet"
    return f"loaded ({found.loaded} process{'es' if found.loaded > 1 else ''} so far)"


def _print(named: Served, line: str, *, as_json: bool) -> None:
    sys.stdout.write(json.dumps(named.to_dict()) + "\n" if as_json else f"{line}\n")


def _who() -> str:
    """Return who gives the command, for the record."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "unknown"
