"""``hatelens train``: from a recipe to a model folder."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from hatelens.errors import require


def command(
    overrides: Annotated[
        list[str],
        typer.Argument(metavar="recipe=NAME [key=value ...]", help="See: hatelens config list"),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train a model; the last line printed is its folder."""
    require("hydra", "train")
    from hatelens.config.compose import compose

    recipe = compose(overrides)  # a mistake shows before the heavy libraries load
    require("sklearn", "train")
    from hatelens.training.run import run

    folder = run(recipe)
    sys.stdout.write(json.dumps({"folder": str(folder)}) + "\n" if as_json else f"{folder}\n")
