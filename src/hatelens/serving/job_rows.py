"""Rows of an upload, from any byte on, each with its text or with what is wrong.

A row that is wrong never ends the reading: what follows it is read on. Only of the first line more
is asked, for without it no row can be understood.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hatelens.data.files import LARGEST_FIELD
from hatelens.errors import DataError
from hatelens.serving.answer import shown
from hatelens.serving.job_lines import LARGEST, EndlessError, Lines
from hatelens.serving.question import TYPES

LOST = 256 * 1024 * 1024
"""Bytes that may be read again after broken rows; a file of nothing else would take days."""
PART_ROWS = 64
PART_CHARS = 65_536
BOM = b"\xef\xbb\xbf"
NOT_UTF8 = re.compile("[\udc80-\udcff]")
QUOTES = "Its quotes or line breaks are wrong; double a quote inside of a cell."
COLUMNS = (
    "hatelens_label",
    "hatelens_hateful",
    "hatelens_decision",
    "hatelens_model_version",
    "hatelens_policy_version",
    "hatelens_error",
)
"""What a result adds to each row."""


class FaultError(Exception):
    """What is wrong with a row, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """An upload that can be read.

    Attributes:
        path: of the file.
        form: ``csv`` or ``jsonl``.
        column: that holds the texts.
        longest: characters that a text may have.
        header: names of the columns; empty in JSONL.
        begin: first byte of the rows.
        bom: what stands before all else in the file, and so in the result.
    """

    path: Path
    form: str
    column: str
    longest: int
    header: tuple[str, ...] = ()
    begin: int = 0
    bom: bytes = b""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an upload.

    Attributes:
        end: one past its last byte.
        cells: the values of a CSV row, or the one line of a JSONL row; empty if it is neither.
        text: to be scored; empty if there is a fault.
        fault: what is wrong and what is allowed; empty if nothing.
    """

    end: int
    cells: tuple[str, ...] = ()
    text: str = ""
    fault: str = ""


def opened(sheet: Sheet) -> Sheet:
    """Read the header of an upload, and see that its rows can be understood.

    Args:
        sheet: the file, and how it is to be read.

    Returns:
        The same with ``header``, ``begin`` and ``bom``.

    Raises:
        DataError: the header, or the first row of JSONL, is wrong, or there are no rows.
    """
    with sheet.path.open("rb") as file:
        bom = BOM if file.read(len(BOM)) == BOM else b""
        lines = Lines(file, len(bom))
        header = _header(lines, sheet.column) if sheet.form == "csv" else ()
    sheet = replace(sheet, header=header, begin=lines.end, bom=bom)
    first = next(rows(sheet, sheet.begin), None)
    if first is None:
        raise DataError("The file holds no rows; send at least one.")
    if sheet.form == "jsonl" and not _names(first, sheet.column):
        raise DataError(f"The first row {first.fault}")
    return sheet


def rows(sheet: Sheet, begin: int) -> Iterator[Row]:
    """Read rows from a byte on, with one of them in memory.

    Raises:
        DataError: so many rows are broken that the rest cannot be read.
    """
    read = _csv if sheet.form == "csv" else _jsonl
    with sheet.path.open("rb") as file:
        lines = Lines(file, begin)
        while (row := read(lines, sheet)) is not None:
            if row.cells or row.fault:  # an empty line is no row
                yield row
            if lines.lost > LOST:
                raise DataError("Too many rows have open quotes; mend them, or send JSONL.")


def parts(found: Iterator[Row]) -> Iterator[list[Row]]:
    """Cut rows into parts of bounded length; the same rows always give the same parts."""
    part: list[Row] = []
    chars = 0
    for row in found:
        if part and (len(part) == PART_ROWS or chars + len(row.text) > PART_CHARS):
            yield part
            part = []
            chars = 0
        part.append(row)
        chars += len(row.text)
    if part:
        yield part


def _names(row: Row, column: str) -> bool:
    """Say whether a row of JSONL is an object that has the column."""
    return bool(row.cells) and column in json.loads(row.cells[0])


def _header(lines: Lines, column: str) -> tuple[str, ...]:
    csv.field_size_limit(LARGEST_FIELD)  # for all of the process: the same everywhere
    try:
        cells = tuple(next(csv.reader(lines, strict=True), ()))
    except (EndlessError, csv.Error):
        raise DataError(
            "The first line is no header of a CSV file; send names with commas between them."
        ) from None
    there = ", ".join(shown(name, 40) for name in cells[:20]) or "none"
    if any(map(NOT_UTF8.search, cells)):
        raise DataError("The header is not UTF-8; save the file as UTF-8 and send it again.")
    if cells.count(column) != 1:
        found = "more than one column" if column in cells else "no column"
        raise DataError(
            f"The header has {found} {shown(column)}; there are {there}. Name one with ?column=."
        )
    if fault := _taken(cells):
        raise DataError(f"The header {fault}")
    return cells


def _csv(lines: Lines, sheet: Sheet) -> Row | None:
    """Read the next row; None at the end, no cells for an empty line."""
    begin = lines.row()
    try:
        # Strict, so that an open quote is found where the next one stands and not at the end.
        cells = tuple(next(csv.reader(lines, strict=True)))
    except StopIteration:
        return None
    except EndlessError:
        return _skipped(lines, begin)
    except csv.Error:
        lines.skip(begin)
        return Row(lines.end, fault=f"is no CSV. {QUOTES}")
    return _row(lines.end, cells, lambda: _cell(cells, sheet)) if cells else Row(lines.end)


def _cell(cells: tuple[str, ...], sheet: Sheet) -> str:
    if len(cells) != len(sheet.header):
        found = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
        raise FaultError(f"has {found}; the header names {len(sheet.header)}.")
    text = cells[sheet.header.index(sheet.column)]
    if NOT_UTF8.search(text):
        raise FaultError(f"is not UTF-8 in {shown(sheet.column)}; send UTF-8.")
    return _fitting(text, sheet)


def _jsonl(lines: Lines, sheet: Sheet) -> Row | None:
    """Read the next row; None at the end, no cells for an empty line."""
    begin = lines.row()
    try:
        line = lines.next()
    except EndlessError:
        return _skipped(lines, begin)
    if not line:
        return None
    if not line.strip():
        return Row(lines.end)
    try:
        content, values = _object(line)
    except FaultError as fault:
        return Row(lines.end, fault=str(fault))
    return _row(lines.end, (content,), lambda: _value(values, sheet))


def _object(line: bytes) -> tuple[str, dict[str, Any]]:
    """Return a line without its break, and the object that it is."""
    try:
        content = line.decode("utf-8").strip()
        values = json.loads(content, parse_constant=_constant)
    except UnicodeDecodeError as error:
        byte = f"byte {error.start} of the line is {line[error.start]:#04x}"
        raise FaultError(f"is not UTF-8: {byte}; send UTF-8.") from None
    except (RecursionError, ValueError):  # too deep, no JSON, or a number with too many digits
        raise FaultError("is not JSON; send one object per line.") from None
    if not isinstance(values, dict):
        raise FaultError(f"is {TYPES[type(values)]}; send one object per line.")
    if fault := _taken(values):
        raise FaultError(fault)
    return content, values


def _value(values: dict[str, Any], sheet: Sheet) -> str:
    if sheet.column not in values:
        raise FaultError(f"has no {shown(sheet.column)}; name the text's field with ?column=.")
    value = values[sheet.column]
    if not isinstance(value, str):
        found = f"{TYPES[type(value)]} as {shown(sheet.column)}"
        raise FaultError(f"has {found}; it must be a string.")
    return _fitting(value, sheet)


def _fitting(text: str, sheet: Sheet) -> str:
    if not text:
        raise FaultError(f"has nothing in {shown(sheet.column)}; one character is needed.")
    if len(text) > sheet.longest:
        raise FaultError(
            f"has {len(text)} characters of text; at most {sheet.longest} are allowed."
        )
    return text


def _taken(names: Container[str]) -> str:
    """Say that a column which the result adds is there already; empty if none is."""
    taken = [name for name in COLUMNS if name in names]
    return f"has {taken[0]} already, which the result adds; rename it." if taken else ""


def _row(end: int, cells: tuple[str, ...], text: Callable[[], str]) -> Row:
    try:
        return Row(end, cells, text())
    except FaultError as fault:
        return Row(end, cells, fault=str(fault))


def _skipped(lines: Lines, begin: int) -> Row:
    lines.skip(begin)
    return Row(
        lines.end,
        fault=f"is larger than {LARGEST} bytes; shorten it or end the quote that is open.",
    )


def _constant(name: str) -> None:
    raise ValueError(name)
