"""The result of a job: each row of the upload as it was, and behind it what the model says.

Cells that we write cannot be taken for formulas by a spreadsheet. The sender's own cells stay as
they are: they are theirs, and a guard would change them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hatelens.models.detector import Prediction
from hatelens.serving.job_rows import COLUMNS, Row, Sheet
from hatelens.storage.answers import Answer

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell may not begin with, the wide forms of East Asian keyboards included."""
MEDIA = {"csv": "text/csv", "jsonl": "application/x-ndjson"}


@dataclass(frozen=True, slots=True)
class Scored:
    """What is written behind a row.

    Attributes:
        label: the most probable class.
        hateful: summed probability of the hateful labels, 0-1.
        decision: ``flag``, ``clear`` or ``unsure``.
        model: version of the model.
        policy: version of the policy.
    """

    label: str
    hateful: float
    decision: str
    model: str
    policy: str


def predicted(one: Prediction) -> Scored:
    """Return what is written of a prediction."""
    return Scored(one.label, one.hateful, one.decision, one.model_version, one.policy_version)


def recorded(one: Answer) -> Scored:
    """Return what is written of an answer that is on record already."""
    return Scored(one.label, one.hateful, one.decision, one.model, one.policy)


def head(sheet: Sheet) -> bytes:
    """Return what stands before the first row."""
    return sheet.bom + (_line([*sheet.header, *COLUMNS]) if sheet.form == "csv" else b"")


def written(sheet: Sheet, marked: Iterable[tuple[Row, Scored | str]]) -> bytes:
    """Return rows of the result.

    Args:
        sheet: the upload.
        marked: each row with what the model says, or with what is wrong.
    """
    write = _csv_row if sheet.form == "csv" else _json_row
    return b"".join(write(sheet, row, _added(found)) for row, found in marked)


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULAS) else cell


def _added(found: Scored | str) -> list[str | float | None]:
    """Return the values of the columns that are added."""
    if isinstance(found, str):
        return [*(None for _ in COLUMNS[:-1]), found]
    return [found.label, round(found.hateful, 6), found.decision, found.model, found.policy, None]


def _csv_row(sheet: Sheet, row: Row, added: Sequence[str | float | None]) -> bytes:
    width = len(sheet.header)
    theirs = [*row.cells, *[""] * width][:width]
    ours = [guarded(one) if isinstance(one, str) else one for one in added]
    return _line([*theirs, *ours])


def _line(cells: Sequence[str | float | None]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    # What was not UTF-8 in the upload goes back as the bytes that it was.
    return out.getvalue().encode("utf-8", "surrogateescape")


def _json_row(_: Sheet, row: Row, added: Sequence[str | float | None]) -> bytes:
    ours = json.dumps(dict(zip(COLUMNS, added, strict=True)))
    if not row.cells:
        return f"{ours}\n".encode()
    # Put into the line behind what is there, so that every number and escape stays as it was.
    theirs = row.cells[0].removesuffix("}").rstrip()
    comma = "" if theirs == "{" else ", "
    return f"{theirs}{comma}{ours.removeprefix('{')}\n".encode()
