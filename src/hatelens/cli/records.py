"""Predictions as a person or a program reads them: lines on a terminal, JSON, CSV."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

from hatelens.errors import UserError
from hatelens.models.detector import Prediction

Write = Callable[[str, Prediction], None]

COLOURS = {"flag": "bold red", "unsure": "bold yellow", "clear": "green"}
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
        yield json_lines(sys.stdout) if as_json else lines(Console(soft_wrap=True), explain=explain)
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


def lines(console: Console, *, explain: bool) -> Write:
    """Write a coloured line per text, and a second one with the words where that was asked for."""

    def write(text: str, prediction: Prediction) -> None:
        console.print(_line(text, prediction))
        if explain:
            console.print(_words(text, prediction))

    return write


def printable(text: str) -> str:
    """Show control characters as what they are: a text must not steer the terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _line(text: str, prediction: Prediction) -> Text:
    line = Text()
    line.append(f"{prediction.decision:<7}", COLOURS[prediction.decision])
    line.append(f"{prediction.hateful:5.2f}  {prediction.label}  ")
    shown, position = text[:_SHOWN], 0
    for span in prediction.spans:
        line.append(printable(shown[position : span.begin]))
        line.append(printable(shown[span.begin : span.end]), COLOURS["flag"])
        position = span.end
    line.append(printable(shown[position:]))
    if len(text) > _SHOWN:
        line.append(f" ... ({len(text):,} characters)", "dim")
    return line


def _words(text: str, prediction: Prediction) -> Text:
    strongest = sorted(prediction.spans, key=lambda span: -span.score)[:8]
    words = ", ".join(
        f"{printable(text[span.begin : span.end][:60])} ({span.score:.2f})" for span in strongest
    )
    return Text(f"              {words or 'no single word carries the score'}", "dim")


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
