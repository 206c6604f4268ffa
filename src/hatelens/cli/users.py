"""``hatelens users``: who may review."""

from __future__ import annotations

import getpass
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli import listing
from hatelens.cli.database import AsJson, DatabaseUrl, opened
from hatelens.errors import ConfigError, require

if TYPE_CHECKING:
    from hatelens.storage.users import User

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Add, disable and list reviewers."
)
Name = Annotated[str, typer.Argument(help="What the user types to log in.")]
FromStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password's line from stdin, not the terminal."),
]


@app.command("add")
def add(
    name: Name,
    role: Annotated[
        str, typer.Option(help="reviewer: judges texts; admin: also sees what others judged.")
    ] = "reviewer",
    password_stdin: FromStdin = False,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a user. The password is asked for twice; only its hash is stored."""
    require("argon2", "serve")
    with opened(database, new=True) as found:
        from hatelens.storage import users

        made = users.add(found, name, _password(from_stdin=password_stdin), role)
    told = json.dumps(made.to_dict()) if as_json else f"{made.name} may log in as {made.role}."
    sys.stdout.write(f"{told}\n")


@app.command("password")
def password(
    name: Name,
    password_stdin: FromStdin = False,
    database: DatabaseUrl = None,
) -> None:
    """Give a user another password, and end all sessions of the user."""
    require("argon2", "serve")
    with opened(database) as found:
        from hatelens.storage import users

        if not users.renew(found, name, _password(from_stdin=password_stdin)):
            raise _nobody(name)
    sys.stdout.write(f"{name} has another password.\n")


@app.command("disable")
def disable(name: Name, database: DatabaseUrl = None) -> None:
    """Let a user in no more, and end all sessions of the user at once."""
    require("argon2", "serve")
    with opened(database) as found:
        from hatelens.storage import users

        if not users.disable(found, name):
            raise _nobody(name)
    sys.stdout.write(f"{name} is disabled.\n")


@app.command("list")
def list_users(database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List all users, also disabled ones."""
    require("argon2", "serve")
    with opened(database) as found:
        from hatelens.storage import users

        there = users.listed(found)
    if as_json:
        sys.stdout.write(json.dumps([user.to_dict() for user in there], indent=2) + "\n")
    else:
        _print(there)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise ConfigError("There is no terminal to ask for a password; give --password-stdin.")
    first = getpass.getpass("Password, 12 characters or more: ")
    if first != getpass.getpass("The same again: "):
        raise ConfigError("The two passwords differ; try again.")
    return first


def _nobody(name: str) -> ConfigError:
    return ConfigError(
        f"No user who may log in is named {name[:40]!a}; `hatelens users list` shows them all."
    )


def _print(there: list[User]) -> None:
    listing.write([("NAME", "ID", "ROLE", "CREATED", "DISABLED"), *map(_row, there)])


def _row(user: User) -> tuple[str, ...]:
    facts = user.to_dict()
    days = ((facts[name] or "-")[:10] for name in ("created", "disabled"))
    return (user.name, user.id, user.role, *days)
