"""The command ``hatelens``: gathers the commands, words errors, sets the exit status."""

from __future__ import annotations

import logging
import sys
import warnings

import typer

from hatelens import __version__
from hatelens.cli import (
    audit,
    compare,
    config,
    data,
    detect,
    evaluate,
    export,
    keys,
    migrate,
    models,
    report,
    respond,
    serve,
    train,
    users,
)
from hatelens.errors import UserError

app = typer.Typer(
    name="hatelens",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help is there in half the time
    help="Detect, explain and answer hate speech with language models on your own machine.",
)
COMMANDS = {
    "detect": detect,
    "train": train,
    "evaluate": evaluate,
    "compare": compare,
    "serve": serve,
    "respond": respond,
    "export": export,
    "migrate": migrate,
    "report": report,
}
GROUPS = {
    "data": data,
    "models": models,
    "config": config,
    "keys": keys,
    "users": users,
    "audit": audit,
}
for name, module in COMMANDS.items():
    app.command(name)(module.command)
for name, module in GROUPS.items():
    app.add_typer(module.app, name=name)


def show_version(asked: bool) -> None:
    """Print the version and stop."""
    if asked:
        sys.stdout.write(f"hatelens {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=show_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Hold the options that come before a command."""


def run() -> None:
    """Run the command line; what a person did wrong is one line on stderr and exit 2."""
    _quieten()
    try:
        app()
    except UserError as error:
        sys.stderr.write(f"hatelens: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("hatelens: stopped.\n")
        sys.exit(130)


def _quieten() -> None:
    """Silence what libraries tell their own developers at every start."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", ".*is_gradient_checkpointing.*", FutureWarning)
