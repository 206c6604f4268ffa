"""Predictions as a person or a program reads them: lines on a terminal, JSON, CSV."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import typer

from hatelens.errors import UserError
from hatelens.models.detector import Prediction

Write = Callable[[str, Prediction], None]

COLOURS = {"flag": "red", "unsure": "yellow", "clear": "green"}
FIELDS = ("text", "label", "hateful", "decision", "model_version", "policy_version")
_SHOWN = 2000
"""Characters of a text that a terminal shows; files get all of it."""


@contextmanager
def writer(out: Path | None, *, as_json: bool, explain: bool) -> Iterator[Write]:
    """Open what records are written to.

    Args:
        out: a ``.jsonl`` or ``.csv`` file, which appears when all is written; None for stdout.
        as_json: whether stdout gets JSON.
        explain: whether stdout gets the words that carried the score.

    Raises:
        UserError: the file's suffix is neither.
    """
    if out is None:
        yield json_lines(sys.stdout) if as_json else lines(sys.stdout, explain=explain)
        return
    if out.suffix not in (".jsonl", ".csv"):
        raise UserError(f"--out takes a .jsonl or .csv file; found {out.name!r}.")
    if not out.parent.is_dir():
        raise UserError(f"There is no folder {out.parent}; make it first.")
    part = out.with_name(out.name + ".part")
    with part.open("w", encoding="utf-8", newline="", errors="backslashreplace") as file:
        yield json_lines(file) if out.suffix == ".jsonl" else rows(file)
    part.replace(out)
    sys.stderr.write(f"Wrote {out}\n")


def json_lines(file: TextIO) -> Write:
    """Write one JSON record per line."""

    def write(text: str, prediction: Prediction) -> None:
        file.write(_json(prediction.to_dict(text)) + "\n")

    return write


def rows(file: TextIO) -> Write:
    """Write CSV with one column per label, ``score_LABEL``."""
    table = csv.writer(file)
    begun = False

    def write(text: str, prediction: Prediction) -> None:
        nonlocal begun
        if not begun:
            table.writerow([*FIELDS, *(f"score_{name}" for name in prediction.scores)])
            begun = True
        record = prediction.to_dict(text)
        table.writerow([*(record[name] for name in FIELDS), *record["scores"].values()])

    return write


def lines(file: TextIO, *, explain: bool) -> Write:
    """Write a line per text, and a second one with the words where that was asked for."""
    paint = typer.style if file.isatty() else _plain

    def write(text: str, prediction: Prediction) -> None:
        file.write(_line(text, prediction, paint) + "\n")
        if explain:
            file.write(_words(text, prediction) + "\n")

    return write


def printable(text: str) -> str:
    """Show control characters as what they are: a text must not steer the terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _plain(text: str, **_: object) -> str:
    return text


def _line(text: str, prediction: Prediction, paint: Callable[..., str]) -> str:
    decision = paint(f"{prediction.decision:<7}", fg=COLOURS[prediction.decision], bold=True)
    parts = [decision, f"{prediction.hateful:5.2f}  {printable(prediction.label)}  "]
    shown, position = text[:_SHOWN], 0
    for span in prediction.spans:
        parts.append(printable(shown[position : span.begin]))
        parts.append(paint(printable(shown[span.begin : span.end]), fg=COLOURS["flag"], bold=True))
        position = span.end
    parts.append(printable(shown[position:]))
    if len(text) > _SHOWN:
        parts.append(f" ... ({len(text):,} characters)")
    return "".join(parts)


def _words(text: str, prediction: Prediction) -> str:
    strongest = sorted(prediction.spans, key=lambda span: -span.score)[:8]
    words = ", ".join(
        f"{printable(text[span.begin : span.end][:60])} ({span.score:.2f})" for span in strongest
    )
    return f"              {words or 'no single word carries the score'}"


def _json(record: dict[str, object]) -> str:
    text = json.dumps(record, ensure_ascii=False)
    # A lone surrogate, from bytes that are not UTF-8, can be written only as an escape.
    return text if _encodable(text) else json.dumps(record)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
