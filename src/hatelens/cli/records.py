"""Predictions as they are written: on a terminal, in plain lines, JSON or CSV."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from hatelens.errors import UserError
from hatelens.models.detector import Prediction

Write = Callable[[str, Prediction], None]

FIELDS = (
    "text", "label", "hateful", "decision", "language", "note", "model_version", "policy_version",
)  # fmt: skip
COLUMNS = {"score": "scores", "attribute": "attributes", "target": "targets"}
"""Columns of a CSV beside the fields, as in ``score_LABEL``, and what they hold."""
_SHOWN = 2000
"""Characters of a text that a plain line shows; files get all of it."""


@contextmanager
def writer(
    out: Path | None, named: Mapping[str, float], *, as_json: bool, explain: bool
) -> Iterator[Write]:
    """Open what records are written to.

    Args:
        out: a ``.jsonl`` or ``.csv`` file, which appears when all is written; None for stdout.
        named: per attribute and target, the probability from which on a terminal names it.
        as_json: whether stdout gets JSON.
        explain: whether stdout gets the words that carried the score.

    Raises:
        UserError: the file's suffix is neither.
    """
    if out is None:
        yield json_lines(sys.stdout) if as_json else lines(sys.stdout, named, explain=explain)
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
    """Write CSV with one column per label, attribute and target, as in ``score_LABEL``."""
    table = csv.writer(file)
    begun = False

    def write(text: str, prediction: Prediction) -> None:
        nonlocal begun
        record = prediction.to_dict(text)
        if not begun:
            table.writerow([*FIELDS, *(f"{column}_{name}" for column, name, _ in _cells(record))])
            begun = True
        table.writerow(
            [*(record[name] for name in FIELDS), *(value for *_, value in _cells(record))]
        )

    return write


def lines(file: TextIO, named: Mapping[str, float], *, explain: bool) -> Write:
    """Write a line per text, and a second one with the words where that was asked for.

    A terminal gets colours, and what else the model is sure of.
    """
    if file.isatty():
        from hatelens.cli.terminal import Terminal  # rich is not quick to load

        terminal = Terminal(file, named)
        show, say = terminal.write, terminal.line
    else:

        def show(text: str, prediction: Prediction) -> None:
            say(_line(text, prediction))

        def say(text: str) -> None:
            file.write(text + "\n")

    def write(text: str, prediction: Prediction) -> None:
        show(text, prediction)
        if explain:
            say(_words(text, prediction))

    return write


def printable(text: str) -> str:
    """Show control characters as what they are: a text must not steer the terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _cells(record: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    for column, field in COLUMNS.items():
        for name, value in record[field].items():
            yield column, name, value


def _line(text: str, prediction: Prediction) -> str:
    more = f" ... ({len(text):,} characters)" if len(text) > _SHOWN else ""
    verdict = f"{prediction.decision:<7}{prediction.hateful:5.2f}  {printable(prediction.label)}"
    return f"{verdict}  {printable(text[:_SHOWN])}{more}"


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
