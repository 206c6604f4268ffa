"""``hatelens train``: from a recipe to a model folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path
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
    from hatelens.models import folder

    recipe = compose(overrides)  # a mistake shows before the heavy libraries load
    if recipe.out is not None:
        folder.check_free(Path(recipe.out), overwrite=recipe.overwrite)
    require("sklearn", "train")
    from hatelens.training.run import run

    made = run(recipe)
    sys.stdout.write(json.dumps({"folder": str(made)}) + "\n" if as_json else f"{made}\n")
