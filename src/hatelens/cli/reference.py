"""``hatelens models reference``: what live traffic of a model is compared with, for drift."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli.columns import ROLES, roles

if TYPE_CHECKING:
    from pathlib import Path

    from hatelens.data.example import Example

SEEN = ("validation", "train", "all")


def command(
    model: Annotated[str, typer.Argument(help="Model folder that gets the reference.")],
    *,
    data: Annotated[
        str | None,
        typer.Option(help="Data set by name, or a file; else the model's own validation texts."),
    ] = None,
    split: Annotated[
        str, typer.Option(help="Of --data: validation, train, or all.")
    ] = "validation",
    column: Annotated[list[str] | None, typer.Option(help=ROLES)] = None,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
) -> None:
    """Measure what texts the model was made for, and write that into its manifest.

    Training does so by itself; this is for folders that were made before, or put together from
    others. No text is kept.
    """
    from dataclasses import replace

    from hatelens import detect
    from hatelens.models import folder
    from hatelens.monitoring import reference

    path = folder.find(model)
    manifest = folder.read(path)
    examples = _own(path) if data is None else _given(data, split, column or [])
    texts = [one.text for one in reference.drawn(examples, seed)]
    found = detect.load(str(path)).predict(texts)
    made = reference.made(
        texts, [one.hateful for one in found], [one.language for one in found], seed=seed
    )
    folder.write_manifest(path, replace(manifest, reference=made.to_dict()))
    limits = ", ".join(f"{name} {one.limit:.2f}" for name, one in made.histograms.items())
    sys.stdout.write(
        f"{path} has a reference of {made.texts} texts. An alarm is a PSI of {made.window} texts "
        f"above: {limits}.\n"
    )


def _own(path: Path) -> Sequence[Example]:
    """Return the validation texts of a model's recipe."""
    from hatelens.config import compose
    from hatelens.data import corpus
    from hatelens.errors import DataError
    from hatelens.models import folder

    config = path / folder.CONFIG
    if not config.is_file():
        raise DataError(
            f"{path} has no {folder.CONFIG} that names what it was trained on; give --data."
        )
    recipe = compose.compose([f"recipe={config}"])
    found = corpus.assemble(recipe.data, recipe.seed, recipe.heads).validation
    if not found:
        raise DataError(f"The recipe in {path} sets no validation texts aside; give --data.")
    return found


def _given(data: str, split: str, columns: Sequence[str]) -> Sequence[Example]:
    """Return texts of a data set, of which none is in a test split."""
    from hatelens.data import catalog
    from hatelens.errors import DataError

    if split not in SEEN:
        raise DataError(
            f"--split is {split!r}; a reference is made from one of {', '.join(SEEN)}: "
            "test splits only measure."
        )
    whole = catalog.load(data, columns=roles(columns))
    if split != "all":
        return catalog.part(whole, split).examples
    parts = catalog.parts(whole)
    return [*parts["train"], *parts["validation"]]
