"""``hatelens data``: which data sets there are, what they hold, and making one with a model."""

from __future__ import annotations

import json
import statistics
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli import verdicts
from hatelens.cli.columns import ROLES, roles

if TYPE_CHECKING:
    from hatelens.data.dataset import Dataset

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, show, fetch, check and annotate data sets.",
)
app.command("export-verdicts")(verdicts.command)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(metavar="NAME|FILE", help="A data set, or a file of yours.")]
Column = Annotated[
    list[str] | None,
    typer.Option("--column", help=ROLES),
]


@app.command("list")
def list_data(as_json: AsJson = False) -> None:
    """List the data sets, whether they are at hand, and under which licence."""
    from hatelens.data import catalog

    records: list[dict[str, object]] = []
    for name in catalog.names():
        card = catalog.card(name)
        records.append(
            {
                "name": name,
                "rows": card.rows,
                "at_hand": bool(catalog.locate(card)),
                "test_only": card.test_only,
                "language": card.language,
                "licence": card.licence,
                "title": card.title,
            }
        )
    if as_json:
        _print_json(records)
        return
    shown = [key for key in records[0] if key != "title"]  # too wide for a terminal; see show
    short = [record | {"licence": str(record["licence"]).split(";")[0]} for record in records]
    rows = [[_cell(record[key]) for key in shown] for record in short]
    _table("", [key.replace("_", " ") for key in shown], rows)


@app.command("show")
def show(
    name: Name,
    column: Column = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the pictures; reports/data/NAME if not given.")
    ] = None,
    pictures: Annotated[bool, typer.Option(help="Draw the pictures.")] = True,
    as_json: AsJson = False,
) -> None:
    """Show a data set in figures and pictures; never its texts."""
    from hatelens.data import catalog, dataset
    from hatelens.data.pictures import draw

    data = catalog.load(name, columns=roles(column))
    folder = out or Path("reports/data") / Path(name).stem
    drawn = draw(data, folder) if pictures else ()
    card = data.card
    facts: dict[str, object] = {
        "name": data.name,
        "title": card.title,
        "licence": card.licence,
        "citation": card.citation,
        "url": card.url,
        "language": card.language,
        "warning": card.warning,
        "notes": card.notes,
        "test_only": card.test_only,
        "rows": len(data),
        "splits": {key: len(part) for key, part in catalog.parts(data).items()},
        "classes": dict(Counter(one.label or "" for one in data.examples)),
        "hateful": list(card.labels.hateful),
        "characters": _lengths(data),
        "with_votes": sum(bool(one.votes) for one in data.examples),
        "left_out": dict(dataset.reasons(data.left_out)),
        "digest": data.digest,
        "pictures": [str(path) for path in drawn],
    }
    if as_json:
        _print_json(facts)
        return
    _table("", ["", ""], [[key.replace("_", " "), _cell(one)] for key, one in facts.items() if one])


@app.command("fetch")
def fetch_data(
    name: Annotated[str, typer.Argument(help="A data set.")],
    revision: Annotated[
        str | None, typer.Option(help="Commit of the hub repository, where the card pins none.")
    ] = None,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Take files whose sha256 the card does not know.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch a data set into the cache and check it against its card."""
    from hatelens.data import catalog
    from hatelens.data.fetch import fetch

    card = catalog.card(name)
    if card.warning:
        sys.stderr.write(f"{card.title}: {card.warning} Licence: {card.licence}.\n")
    files = fetch(card, revision=revision, unchecked=unchecked)
    if as_json:
        _print_json([{"path": str(file.path), "sha256": file.sha256} for file in files])
        return
    sys.stdout.writelines(f"{file.path}  sha256 {file.sha256}\n" for file in files)


@app.command("check")
def check_data(
    name: Name,
    column: Column = None,
    near_duplicate: Annotated[
        float, typer.Option(min=0.1, max=1.0, help="Similarity of near-duplicates, 0.1-1.")
    ] = 0.85,
    as_json: AsJson = False,
) -> None:
    """Check a data set; exit 1 when something is serious."""
    from hatelens.data import catalog
    from hatelens.data.check import check

    found = check(catalog.load(name, columns=roles(column)), near_duplicate)
    if as_json:
        _print_json(asdict(found) | {"serious": found.serious})
    else:
        rows = [["rows", f"{found.rows:,}", ""]]
        for what, counts in (("label", found.classes), ("split", found.splits)):
            rows += [[f"{what} {key or '(none)'}", f"{one:,}", ""] for key, one in counts.items()]
        rows += [[f"left out: {why}", f"{one:,}", ""] for why, one in found.left_out.items()]
        rows += [
            [one.what, f"{one.count:,}", "SERIOUS" if one.serious else "look"]
            for one in found.findings
        ]
        _table(found.name, ["", "count", ""], rows)
    if found.serious:
        raise typer.Exit(1)


@app.command("annotate")
def annotate_data(
    file: Annotated[
        Path, typer.Argument(help="CSV, TSV, JSON, JSONL, Parquet; or TXT with one text per line.")
    ],
    out: Annotated[Path, typer.Option(help="The .jsonl file to write; must not exist.")],
    model: Annotated[str, typer.Option(help="Model folder, or 'default'.")] = "default",
    column: Column = None,
    explain: Annotated[bool, typer.Option("--explain", help="Also say why, row by row.")] = False,
    as_json: AsJson = False,
) -> None:
    """Label a data set with a model; a run that was stopped goes on when it is started again."""
    from hatelens import annotate

    source = annotate.Source(file, roles(column))
    done = annotate.annotate(annotate.annotator(model, explain=explain), source, out)
    if done.found:
        sys.stderr.write(f"{done.found:,} rows had been written before and were kept.\n")
    if as_json:
        _print_json({"path": str(done.path), "rows": done.rows, "found": done.found})
        return
    sys.stdout.write(f"{done.path}\n")


def _lengths(data: Dataset) -> Mapping[str, float]:
    lengths = [len(one.text) for one in data.examples] or [0]
    return {
        "shortest": min(lengths),
        "median": statistics.median(lengths),
        "longest": max(lengths),
    }


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, Mapping):
        return ", ".join(f"{key or '(none)'} {_cell(one)}" for key, one in value.items() if one)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, int | float):
        return f"{value:,}"
    return "" if value is None else str(value)


def _table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE, title=title or None, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0)  # a name that is cut cannot be copied
    for row in rows:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    Console(file=sys.stdout).print(table)


def _print_json(record: object) -> None:
    sys.stdout.write(json.dumps(record, ensure_ascii=True) + "\n")
