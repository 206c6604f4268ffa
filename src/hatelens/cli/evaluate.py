"""``hatelens evaluate``: measure a model on data sets and write the reports."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli.columns import ROLES, roles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatelens.data.dataset import Dataset
    from hatelens.evaluation.pooled import Pooled
    from hatelens.evaluation.report import Report
    from hatelens.models.manifest import Manifest

MAP = "A label of the data as one of the model, as in neither=normal; LABEL= leaves it out."


def command(
    model: Annotated[str, typer.Argument(help="Model folder, or 'default'.")],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[DATA]...", help="Further data sets.")
    ] = None,
    *,
    data: Annotated[list[str], typer.Option(help="Data set by name, or a file of your own.")],
    out: Annotated[Path, typer.Option(help="Folder that the report is written to.")],
    split: Annotated[str, typer.Option(help="train, validation, test, or all.")] = "test",
    column: Annotated[list[str] | None, typer.Option(help=ROLES)] = None,
    limit: Annotated[int | None, typer.Option(help="Texts at most, a seeded sample.")] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="Report groups of this column; 'target' for targets.")
    ] = None,
    label_map: Annotated[list[str] | None, typer.Option("--map", help=MAP)] = None,
    seed: Annotated[int, typer.Option(help="Of the sample and of the intervals.")] = 0,
    resamples: Annotated[int, typer.Option(help="Behind the 95 % intervals.", min=1)] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure a model on labelled texts: figures with intervals, pictures, a page.

    Several data sets (--data A B C) get a folder each, and pooled.json: whether the scores can be
    believed over all of them.
    """
    from hatelens.data import catalog
    from hatelens.errors import require

    require("sklearn", "evaluate")
    require("matplotlib", "evaluate")
    require("jinja2", "evaluate")

    from hatelens import detect
    from hatelens.evaluation import maps, pooled, report, run

    report.make_folder(out)  # a wrong path is said before the work, not after
    names = list(dict.fromkeys([*data, *(more or ())]))
    given = maps.parse(label_map)
    detector = detect.load(model)
    read = maps.Maps.of_model(model).adding(given)
    wanted = None if split == "all" else split
    sets = [catalog.load(name, wanted, roles(column)) for name in names]
    read.check({one.name: one.card.labels.names for one in sets}, detector.labels)
    _warn(_manifest(model), sets, split)
    made = [
        run.evaluate(
            detector,
            one,
            split=split,
            limit=limit,
            seed=seed,
            progress=True,
            name=model,
            groups=group,
            resamples=resamples,
            maps=read,
        )
        for one in sets
    ]
    folders = _folders(out, names)
    pages = [report.write(one, folder) for one, folder in zip(made, folders, strict=True)]
    both = pooled.pool(made, seed=seed, resamples=resamples) if len(made) > 1 else None
    if both:
        pooled.write(both, out)
    if as_json:
        _print_json(made, both)
        return
    _print(made, pages, both)


def _folders(out: Path, names: Sequence[str]) -> list[Path]:
    """Return a folder for each report: the one asked for, or one of its own for each data set."""
    if len(names) == 1:
        return [out]
    stems = [Path(name).stem for name in names]
    return [
        out / (stem if stems.count(stem) == 1 else f"{stem}-{number}")
        for number, stem in enumerate(stems, start=1)
    ]


def _manifest(model: str) -> Manifest | None:
    """Return the manifest of a model that is a folder."""
    from hatelens.errors import ModelError
    from hatelens.models import folder

    try:
        return folder.read(folder.find(model))
    except ModelError:
        return None  # a model of another kind, which opened all the same


def _warn(manifest: Manifest | None, sets: Sequence[Dataset], split: str) -> None:
    """Say where a model is measured on texts that it has learned from."""
    if manifest is None or split not in {"train", "all"}:
        return
    learned = {source.card for source in manifest.data if source.rows_train}
    for name in [one.name for one in sets if one.name in learned]:
        sys.stderr.write(
            f"hatelens: the model was trained on texts of {name}, split train: these figures do "
            "not say how it does on others; measure on a test split.\n"
        )


def _print_json(made: Sequence[Report], both: Pooled | None) -> None:
    record: object = made[0].to_dict()
    if both:
        record = {"reports": [one.to_dict() for one in made], "pooled": both.to_dict()}
    sys.stdout.write(json.dumps(record, indent=2) + "\n")


def _print(made: Sequence[Report], pages: Sequence[Path], both: Pooled | None) -> None:
    from rich.console import Console

    from hatelens.cli import figures

    console = Console()
    for one, page in zip(made, pages, strict=True):
        for table in figures.report_tables(one):
            console.print(table)
        sys.stdout.write(f"Report: {page}\n")
    if both:
        console.print(figures.pooled_table(both))
        sys.stdout.write(
            f"Pooled: expected calibration error of hateful {both.ece} on {both.rows} texts\n"
        )
