"""``hatelens compare``: put models side by side on the same texts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli.columns import ROLES, roles

if TYPE_CHECKING:
    from hatelens.evaluation.predictions import Predictions
    from hatelens.evaluation.selection import Selection


def command(
    models: Annotated[
        list[str],
        typer.Argument(metavar="M1 M2 ...", help="Model folders, or folders of reports."),
    ],
    *,
    data: Annotated[str, typer.Option(help="Data set by name, or a file of your own.")],
    split: Annotated[str, typer.Option(help="train, validation, test, or all.")] = "test",
    out: Annotated[
        Path | None, typer.Option(help="Folder that table, page and picture are written to.")
    ] = None,
    column: Annotated[list[str] | None, typer.Option(help=ROLES)] = None,
    limit: Annotated[int | None, typer.Option(help="Texts at most, a seeded sample.")] = None,
    seed: Annotated[int, typer.Option(help="Of the sample and of the intervals.")] = 0,
    resamples: Annotated[int, typer.Option(help="Behind the 95 % intervals.", min=1)] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Compare models on the same texts; differences are to the first, with their intervals."""
    from hatelens.data import catalog
    from hatelens.errors import require

    require("sklearn", "evaluate")
    require("matplotlib", "evaluate")
    require("jinja2", "evaluate")

    from hatelens.evaluation import compare
    from hatelens.evaluation.report import make_folder
    from hatelens.evaluation.selection import select

    if out is not None:
        make_folder(out)  # a wrong path is said before the work, not after
    dataset = catalog.load(data, None if split == "all" else split, roles(column))
    selection = select(dataset, split, limit=limit, seed=seed)
    said = [_predictions(model, selection) for model in models]
    made = compare.compare(said, selection, seed=seed, resamples=resamples)
    page = None if out is None else compare.write(made, out)
    if as_json:
        sys.stdout.write(json.dumps(made.to_dict(), indent=2) + "\n")
        return
    from rich.console import Console

    from hatelens.cli import figures

    console = Console()
    for table in figures.comparison_tables(made):
        console.print(table)
    if page is not None:
        sys.stdout.write(f"Report: {page}\n")


def _predictions(model: str, selection: Selection) -> Predictions:
    """Ask a model, or read what it said where the folder is that of a report."""
    from hatelens import detect
    from hatelens.evaluation import predictions
    from hatelens.evaluation.maps import Maps

    folder = Path(model)
    if predictions.is_written(folder):
        return predictions.read(folder)
    detector = detect.load(model)
    known = Maps.of_model(model).of_labels(selection.data, selection.labels.names)
    return predictions.predict(detector, selection, name=model, progress=True, label_map=known)
