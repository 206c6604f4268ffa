"""``hatelens detect``: label texts from the command line, from stdin or from a file."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from hatelens.errors import DataError, UserError


def command(
    texts: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT... | -", help="Texts, or - for one per line of stdin."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="CSV, TSV, JSON, JSONL, Parquet; or TXT with one text per line."),
    ] = None,
    column: Annotated[str, typer.Option(help="Column of --file that holds the text.")] = "text",
    out: Annotated[
        Path | None, typer.Option(help="Write the records to this .jsonl or .csv file.")
    ] = None,
    model: Annotated[str, typer.Option(help="Model folder, or 'default'.")] = "default",
    explain: Annotated[
        bool, typer.Option("--explain", help="Mark the words that carried the score.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON record per line.")
    ] = False,
) -> None:
    """Label texts: class, score, decision and, with --explain, the words that carried the score."""
    source = _source(texts or [], file, column)

    from hatelens.cli.records import writer
    from hatelens.detect import load
    from hatelens.progress import track

    pipeline = load(model)
    with writer(out, pipeline.named, as_json=as_json, explain=explain) as write:
        for_model, for_output = itertools.tee(source)  # the two stay one batch apart
        predictions = pipeline.stream(for_model, explain=explain)
        for prediction in track(predictions, "Labelling", shown=out is not None):
            write(next(for_output), prediction)


def _source(texts: list[str], file: Path | None, column: str) -> Iterable[str]:
    if texts and file is not None:
        raise UserError("Give texts or --file, not both.")
    if file is not None:
        return _column(file, column)
    if texts == ["-"]:
        return _lines(sys.stdin.buffer)
    if not texts:
        raise UserError("There is nothing to label: give texts, - for stdin, or --file F.")
    return texts


def _column(path: Path, column: str) -> Iterator[str]:
    if path.suffix.lower() == ".txt":
        if not path.is_file():
            raise DataError(f"There is no file {path}.")
        with path.open("rb") as file:
            yield from _lines(file)
        return

    from hatelens.data import files

    for row in files.rows(path):
        if column not in row.values:
            there = ", ".join(row.values)
            raise DataError(
                f"{path}, line {row.line}: there is no column {column!r}; there are {there}. "
                "Name one with --column."
            )
        yield row.text(column)


def _lines(file: BinaryIO) -> Iterator[str]:
    """Read one text per line; bytes that are not UTF-8 are kept as lone surrogates."""
    for line in file:
        yield line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
