"""The command ``hatelens config``: which recipes there are and what a run would use."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from hatelens.errors import require

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="List recipes, and show what a run would use."
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Overrides = Annotated[
    list[str],
    typer.Argument(
        metavar="recipe=NAME [key=value ...]", help="A recipe, and what to change in it."
    ),
]


@app.command("list")
def list_recipes(as_json: AsJson = False) -> None:
    """List the recipes, your own in ./conf/recipe (or HATELENS_CONF) included."""
    from hatelens.config.options import options

    there = list(options("recipe").values())
    if as_json:
        rows = [{"name": o.name, "description": o.description, "own": o.own} for o in there]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    width = max(len(option.name) for option in there)
    for option in there:
        typer.echo(f"{option.name:<{width}}  {option.description}".rstrip())


@app.command("show")
def show(overrides: Overrides, as_json: AsJson = False) -> None:
    """Print every setting that a run would use."""
    require("hydra", "train")
    from hatelens.config.compose import compose, render

    recipe = compose(overrides)
    typer.echo(recipe.model_dump_json(indent=2) if as_json else render(recipe).rstrip())
