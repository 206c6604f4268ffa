"""Rows of CSV, TSV, JSON, JSONL and Parquet files, each with the line that it came from."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from hatelens.errors import DataError, require, unknown

LARGEST_FIELD = 64 * 1024 * 1024
BATCH = 4096
BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file.

    Attributes:
        line: where it begins, counted from 1; the record's number in JSON and Parquet files.
        values: column to value; strings in CSV and TSV, anything that JSON holds elsewhere.
    """

    line: int
    values: Mapping[str, object]

    def text(self, column: str) -> str:
        """Return a value as text; "" where it is null."""
        value = self.values[column]
        return "" if value is None else value if isinstance(value, str) else str(value)


@dataclass(frozen=True)
class Layout:
    """What a file's name does not tell of its form.

    Attributes:
        format: ``csv``, ``tsv``, ``json``, ``jsonl`` or ``parquet``; None reads it off the name.
        delimiter: between fields; None for a comma in CSV and a tab in TSV.
        quoting: whether ``"`` holds a field together; false where it is an ordinary character.
        encoding: None for UTF-8, or what the byte order mark says.
        header: names of the columns where the file's first line is data already.
    """

    format: str | None = None
    delimiter: str | None = None
    quoting: bool = True
    encoding: str | None = None
    header: tuple[str, ...] = ()


PLAIN = Layout()
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


def rows(path: Path, layout: Layout = PLAIN) -> Iterator[Row]:
    """Read a file row by row, in constant memory but for JSON.

    Bytes that are not valid in the encoding become lone surrogates and so are kept.

    Args:
        path: the file; its suffix tells the format unless the layout does.
        layout: delimiter, quoting, encoding and header where they are not the usual ones.

    Raises:
        DataError: there is no such file, no such format, or a row is broken; the message names
            file and line.
    """
    if not path.is_file():
        raise DataError(f"There is no file {path}.")
    name = layout.format or SUFFIXES.get(path.suffix.lower(), path.suffix or path.name)
    if name not in READERS:
        raise DataError(
            unknown("file format", name, READERS, do=f"Rename {path} or name its format.")
        )
    return READERS[name](path, layout)


def columns(path: Path, layout: Layout = PLAIN) -> tuple[str, ...]:
    """Name the columns of a file's first row.

    Raises:
        DataError: the file is missing, broken or empty.
    """
    first = next(rows(path, layout), None)
    if first is None:
        raise DataError(f"{path} holds no rows.")
    return tuple(first.values)


def _open(path: Path, layout: Layout) -> TextIO:
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((name for mark, name in BOMS if start.startswith(mark)), "utf-8")
    encoding = layout.encoding or marked
    try:
        return path.open(encoding=encoding, errors="surrogateescape", newline="")
    except LookupError:
        raise DataError(f"No encoding named {encoding!r} for {path}; try utf-8.") from None


def _delimited(path: Path, layout: Layout) -> Iterator[Row]:
    tabs = (layout.format or SUFFIXES.get(path.suffix.lower())) == "tsv"
    csv.field_size_limit(LARGEST_FIELD)
    with _open(path, layout) as file:
        reader = csv.reader(
            file,
            delimiter=layout.delimiter or ("\t" if tabs else ","),
            quoting=csv.QUOTE_MINIMAL if layout.quoting else csv.QUOTE_NONE,
        )
        records = _records(path, reader)
        header = layout.header or tuple(next(records, (0, []))[1])
        for line, fields in records:
            if len(fields) != len(header):
                raise DataError(_miscounted(path, line, len(fields), header))
            yield Row(line, dict(zip(header, fields, strict=True)))


def _records(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    while True:
        line = getattr(reader, "line_num", 0) + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"{path}, line {line}: {error}; if quotes are ordinary characters in this file, "
                "say quoting: false in its card."
            ) from None
        except UnicodeError as error:
            raise DataError(f"{path}, line {line}: {error}; name the encoding.") from None
        if fields:  # an empty line is no row
            yield line, fields


def _miscounted(path: Path, line: int, found: int, header: tuple[str, ...]) -> str:
    return (
        f"{path}, line {line}: found {found} fields where the header names {len(header)} "
        f"({', '.join(header[:8])}); mend the row or check delimiter and quoting."
    )


def _jsonl(path: Path, layout: Layout) -> Iterator[Row]:
    with _open(path, layout) as file:
        # Only "\n" ends a line: a text may hold the other line breaks of Unicode.
        for line, content in enumerate(file, start=1):
            if content.strip():
                yield Row(line, _record(path, line, _parse(path, line, content), layout))


def _json(path: Path, layout: Layout) -> Iterator[Row]:
    with _open(path, layout) as file:
        content = _parse(path, 1, file.read())
    if isinstance(content, dict) and all(isinstance(one, dict) for one in content.values()):
        content = list(content.values())  # records by their ids, which they also hold
    if not isinstance(content, list):
        raise DataError(f"{path} must hold a list of records; found {type(content).__name__}.")
    for number, record in enumerate(content, start=1):
        yield Row(number, _record(path, number, record, layout))


def _parse(path: Path, line: int, content: str) -> object:
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, line {line + error.lineno - 1}: {error.msg}.") from None
    except RecursionError:
        raise DataError(f"{path}, line {line}: nested too deeply.") from None


def _record(path: Path, line: int, record: object, layout: Layout) -> dict[str, object]:
    if isinstance(record, list) and layout.header and len(record) == len(layout.header):
        return dict(zip(layout.header, record, strict=True))
    if isinstance(record, dict):
        return record
    raise DataError(f"{path}, row {line}: found {str(record)[:40]!r} where a record is needed.")


def _parquet(path: Path, layout: Layout) -> Iterator[Row]:
    del layout  # a Parquet file tells all of its form itself
    parquet = require("pyarrow.parquet", "evaluate")
    arrow = require("pyarrow", "evaluate")
    try:
        file = parquet.ParquetFile(path)
    except arrow.ArrowInvalid as error:
        raise DataError(f"{path} is no Parquet file: {error}") from None
    with file:
        batches = file.iter_batches(batch_size=BATCH)
        records = itertools.chain.from_iterable(batch.to_pylist() for batch in batches)
        for number, record in enumerate(records, start=1):
            yield Row(number, record)


READERS: Mapping[str, Callable[[Path, Layout], Iterator[Row]]] = {
    "csv": _delimited,
    "tsv": _delimited,
    "json": _json,
    "jsonl": _jsonl,
    "parquet": _parquet,
}
