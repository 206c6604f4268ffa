"""Files of what people said of texts, for ``train``: exact, and readable by their owner only."""

from __future__ import annotations

import csv
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TextIO

from hatelens.errors import DataError, unknown

COLUMNS = ("text", "label", "source", "time", "model", "hateful", "community", "reviewer")
UNWRITABLE = "not to be had in CSV"
SURROGATES = re.compile("[\ud800-\udfff]")

Values = Mapping[str, object]


def write(path: Path, rows: Iterable[Values], left_out: Counter[str]) -> int:
    """Write rows into a new file, JSONL or CSV by its suffix; a file that fails is removed.

    JSONL holds any text. CSV cannot hold lone surrogates: such rows are left out.

    Args:
        path: ends in ``.jsonl`` or ``.csv``.
        rows: values of ``COLUMNS``.
        left_out: rows that CSV cannot hold are counted here.

    Returns:
        How many rows were written.

    Raises:
        DataError: the file is there already, cannot be made, or its suffix is another one.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        raise DataError(unknown("file format", suffix or path.name, WRITERS, do="Rename the file."))
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise DataError(f"{path} is there already; name another file, or remove it.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds a NUL"
        raise DataError(f"{str(path)!a} cannot be written ({reason}).") from None
    try:
        with os.fdopen(file, "w", encoding="utf-8", newline="") as text:
            return WRITERS[suffix](text, rows, left_out)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _jsonl(file: TextIO, rows: Iterable[Values], _: Counter[str]) -> int:
    count = 0
    for row in rows:
        file.write(json.dumps({name: row[name] for name in COLUMNS}) + "\n")
        count += 1
    return count


def _csv(file: TextIO, rows: Iterable[Values], left_out: Counter[str]) -> int:
    """Quote everything, and change nothing: a text that begins with ``=`` stays as it is."""
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        cells = ["" if row[name] is None else str(row[name]) for name in COLUMNS]
        if any(SURROGATES.search(cell) for cell in cells):
            left_out[UNWRITABLE] += 1
            continue
        writer.writerow(cells)
        count += 1
    return count


WRITERS: Mapping[str, Callable[[TextIO, Iterable[Values], Counter[str]], int]] = {
    ".jsonl": _jsonl,
    ".csv": _csv,
}
