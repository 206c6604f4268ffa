"""``hatelens evaluate``: measure a model on data sets and write the reports."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli.columns import ROLES, roles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatelens.cli.zero_shot import Asked
    from hatelens.data.dataset import Dataset
    from hatelens.detect import Pipeline
    from hatelens.evaluation.maps import Maps
    from hatelens.evaluation.pooled import Pooled
    from hatelens.evaluation.report import Report
    from hatelens.models.manifest import Manifest

MAP = "A label of the data as one of the model, as in neither=normal; LABEL= leaves it out."


def command(
    model: Annotated[str, typer.Argument(help="Model folder, 'default', or a base model.")],
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
    zero_shot: Annotated[
        bool, typer.Option("--zero-shot", help="Ask a base language model, untrained.")
    ] = False,
    prompt: Annotated[str, typer.Option(help="Of --zero-shot: a name, or a file.")] = "classify",
    shots: Annotated[int, typer.Option(help="Examples of each label before the text.")] = 0,
    shots_from: Annotated[
        str | None, typer.Option(help="Data set whose train split they come from; else --data.")
    ] = None,
    precision: Annotated[
        str, typer.Option(help="Of --zero-shot: fp32, bf16, int8 or nf4.")
    ] = "fp32",
    decode: Annotated[
        str, typer.Option(help="Of --zero-shot: probability of the labels, or generate.")
    ] = "probability",
    seed: Annotated[int, typer.Option(help="Of the sample, shots and intervals.")] = 0,
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

    from hatelens.cli.zero_shot import Asked
    from hatelens.evaluation import maps, pooled, report, run

    report.make_folder(out)  # a wrong path is said before the work, not after
    names = list(dict.fromkeys([*data, *(more or ())]))
    given = maps.parse(label_map)
    asked = Asked(prompt, shots, shots_from, precision, decode, split, seed)
    _check_asked(asked, zero_shot=zero_shot)
    wanted = None if split == "all" else split
    sets = [catalog.load(name, wanted, roles(column)) for name in names]
    detector, read = _opened(model, sets, split, given, asked if zero_shot else None)
    read.check({one.name: one.card.labels.names for one in sets}, detector.labels)
    made = [
        run.evaluate(
            detector,
            one,
            split=split,
            limit=limit,
            seed=seed,
            progress=True,
            name=_name(model, asked) if zero_shot else model,
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


def _opened(
    model: str, sets: Sequence[Dataset], split: str, given: Mapping[str, str], asked: Asked | None
) -> tuple[Pipeline, Maps]:
    """Open what is measured, and how the words of the data are read for it."""
    from hatelens import detect
    from hatelens.cli import zero_shot
    from hatelens.evaluation import maps

    if asked:
        return zero_shot.opened(model, sets, given, asked), maps.Maps().adding(given)
    detector = detect.load(model)
    _warn(_manifest(model), sets, split)
    return detector, maps.Maps.of_model(model).adding(given)


def _check_asked(asked: Asked, *, zero_shot: bool) -> None:
    """Refuse options of an untrained model where a trained one is measured."""
    from hatelens.cli.zero_shot import Asked
    from hatelens.errors import ConfigError, unknown

    plain = Asked("classify", 0, None, "fp32", "probability", asked.split, asked.seed)
    if not zero_shot and asked != plain:
        raise ConfigError(
            "--prompt, --shots, --shots-from, --precision and --decode go with --zero-shot: a "
            "model folder knows its own."
        )
    if asked.decode not in {"probability", "generate"}:
        raise ConfigError(unknown("way to decode", asked.decode, ("probability", "generate")))


def _name(model: str, asked: Asked) -> str:
    """Name an untrained model in a report."""
    return f"{model} ({asked.shots}-shot)" if asked.shots else f"{model} (zero-shot)"


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
