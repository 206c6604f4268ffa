"""``hatelens evaluate``: measure a model on a data set and write the report."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hatelens.cli.columns import ROLES, roles


def command(
    model: Annotated[str, typer.Argument(help="Model folder, or 'default'.")],
    *,
    data: Annotated[str, typer.Option(help="Data set by name, or a file of your own.")],
    out: Annotated[Path, typer.Option(help="Folder that the report is written to.")],
    split: Annotated[str, typer.Option(help="train, validation, test, or all.")] = "test",
    column: Annotated[list[str] | None, typer.Option(help=ROLES)] = None,
    limit: Annotated[int | None, typer.Option(help="Texts at most, a seeded sample.")] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="Report groups of this column; 'target' for targets.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample and of the intervals.")] = 0,
    resamples: Annotated[int, typer.Option(help="Behind the 95 % intervals.", min=1)] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure a model on labelled texts: figures with intervals, pictures, a page."""
    from hatelens.data import catalog
    from hatelens.errors import require

    require("sklearn", "evaluate")
    require("matplotlib", "evaluate")
    require("jinja2", "evaluate")

    from hatelens import detect
    from hatelens.evaluation import report, run

    report.make_folder(out)  # a wrong path is said before the work, not after
    dataset = catalog.load(data, None if split == "all" else split, roles(column))
    made = run.evaluate(
        detect.load(model),
        dataset,
        split=split,
        limit=limit,
        seed=seed,
        progress=True,
        name=model,
        groups=group,
        resamples=resamples,
    )
    page = report.write(made, out)
    if as_json:
        sys.stdout.write(json.dumps(made.to_dict(), indent=2) + "\n")
        return
    from rich.console import Console

    from hatelens.cli import figures

    console = Console()
    for table in figures.report_tables(made):
        console.print(table)
    sys.stdout.write(f"Report: {page}\n")
