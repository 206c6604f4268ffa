"""A log of texts that another service scored: read, scored anew, and those that change sides."""

from __future__ import annotations

import csv
import itertools
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np

from hatelens.data import files
from hatelens.data.files import Row
from hatelens.detect import Pipeline
from hatelens.errors import DataError, unknown
from hatelens.evaluation.migration import Scored
from hatelens.models.detector import Prediction
from hatelens.progress import track

YES = frozenset(("1", "true", "yes", "y", "flag", "flagged", "hateful", "hate"))
NO = frozenset(("0", "false", "no", "n", "clear", "not flagged", "not hateful", "non-hateful"))
CHANGED = ("line", "theirs", "their_decision", "ours", "our_decision", "text")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet would compute where a cell begins with it."""


@dataclass(frozen=True)
class Log:
    """Where a log is, what its columns are, and what their service made of a score.

    Attributes:
        path: CSV, TSV, JSON, JSONL or Parquet.
        text: column of the texts.
        score: column of their scores; empty where only decisions were logged.
        decision: column of their decisions; empty where their threshold says them.
        label: column that says what is hateful; empty where nobody said.
        threshold: they flagged from this score on.
        review: they had a person look from this score on.
        flagged: values of the decision that mean flagged; empty for words such as ``flag``.
        hateful: values of the label that mean hateful; empty for words such as ``hateful``.
    """

    path: Path
    text: str = "text"
    score: str = "score"
    decision: str = ""
    label: str = ""
    threshold: float | None = None
    review: float | None = None
    flagged: frozenset[str] = frozenset()
    hateful: frozenset[str] = frozenset()

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns that are read, by their role."""
        roles = {"text": self.text, "score": self.score, "decision": self.decision}
        return {role: name for role, name in (roles | {"label": self.label}).items() if name}


@dataclass(frozen=True, slots=True)
class Entry:
    """One logged text.

    Attributes:
        line: where it stands in the file.
        text: the text.
        theirs: their score; nan where only decisions were logged.
        flagged: whether they flagged it.
        hateful: whether it is; False where nobody said.
    """

    line: int
    text: str
    theirs: float
    flagged: bool
    hateful: bool


@dataclass
class Reader:
    """Reads the entries of a log and counts the rows that it leaves out.

    Attributes:
        log: what to read.
        left_out: why to how many.
    """

    log: Log
    left_out: Counter[str] = field(default_factory=Counter)

    def entries(self) -> Iterator[Entry]:
        """Read the log in constant memory.

        Raises:
            DataError: the file, a column or a value is wrong; the message names the line.
        """
        for row in files.rows(self.log.path):
            _check_columns(self.log, row)
            empty = [role for role, name in self.log.columns.items() if not row.text(name).strip()]
            if empty:
                self.left_out[f"no {empty[0]}"] += 1
                continue
            yield self._entry(row)

    def _entry(self, row: Row) -> Entry:
        log = self.log
        theirs = _number(log, row) if log.score else math.nan
        if log.decision:
            flagged = _is(log, row, log.decision, log.flagged, "--flagged")
        else:
            flagged = log.threshold is not None and theirs >= log.threshold
        hateful = bool(log.label) and _is(log, row, log.label, log.hateful, "--hateful")
        return Entry(row.line, row.text(log.text), theirs, flagged, hateful)


def scored(log: Log, pipeline: Pipeline, score: Callable[[Prediction], float]) -> Scored:
    """Score the texts of a log anew.

    Texts that are surely in a language that the model does not know are left out: its scores say
    nothing there.

    Args:
        log: what to read.
        pipeline: the model.
        score: which of its scores is wanted.

    Raises:
        DataError: the file, a column or a value is wrong, or nothing is left.
    """
    reader = Reader(log)
    for_model, kept = itertools.tee(reader.entries())  # the two stay one batch apart
    predictions = pipeline.stream(entry.text for entry in for_model)
    rows: list[tuple[int, float, float, bool, bool]] = []
    for entry, prediction in track(zip(kept, predictions, strict=True), "Scoring"):
        if prediction.language and prediction.language not in pipeline.languages:
            reader.left_out["in a language that the model does not know"] += 1
            continue
        ours = score(prediction)
        rows.append((entry.line, ours, entry.theirs, entry.flagged, entry.hateful))
    if not rows:
        raise DataError(f"{log.path} holds no text that can be compared{_why(reader.left_out)}.")
    lines, ours, theirs, flagged, hateful = (np.array(column) for column in zip(*rows, strict=True))
    return Scored(
        lines=lines,
        ours=ours,
        flagged=flagged,
        review=None if log.review is None else theirs >= log.review,
        theirs=theirs if log.score else None,
        truth=hateful if log.label else None,
        model_version=pipeline.model_version,
        left_out=dict(reader.left_out),
    )


def write_changed(log: Log, scored: Scored, threshold: float, out: Path) -> int:
    """Write the texts that change sides to a CSV that only its owner may read.

    A text that a spreadsheet would take for a formula gets a ``'`` before it.

    Args:
        log: where the texts are.
        scored: their scores and ours.
        threshold: we flag from this score on.
        out: the file; one that is there is replaced.

    Returns:
        How many there are.
    """
    flagged = scored.ours >= threshold
    places = np.flatnonzero(flagged != scored.flagged)
    changed = {int(scored.lines[place]): place for place in places}
    out.unlink(missing_ok=True)
    handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8", newline="", errors="backslashreplace") as file:  # noqa: PTH123 -- of a handle
        table = csv.writer(file)
        table.writerow(CHANGED)
        for row in files.rows(log.path) if changed else ():
            if (place := changed.get(row.line)) is None:
                continue
            theirs = "" if scored.theirs is None else float(scored.theirs[place])
            table.writerow((
                row.line, theirs, _said(scored.flagged[place]), float(scored.ours[place]),
                _said(flagged[place]), harmless(row.text(log.text)),
            ))  # fmt: skip
    return len(changed)


def harmless(text: str) -> str:
    """Return a cell that no spreadsheet computes."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _said(flagged: object) -> str:
    return "flag" if flagged else "clear"


def _check_columns(log: Log, row: Row) -> None:
    for role, name in log.columns.items():
        if name not in row.values:
            raise DataError(
                unknown(
                    f"column in {log.path}",
                    name,
                    map(str, row.values),
                    do=f"Name it with --column {role}=COLUMN.",
                )
            )


def _number(log: Log, row: Row) -> float:
    value = row.text(log.score)
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        _refuse(log, row, log.score, value, "a number")
    return number


def _is(log: Log, row: Row, column: str, meant: frozenset[str], option: str) -> bool:
    value = row.text(column).strip()
    if meant:
        return value in meant
    word = value.lower()
    if word not in YES | NO:
        _refuse(log, row, column, value, f"such as 1 or 0, yes or no; or say {option} VALUE")
    return word in YES


def _refuse(log: Log, row: Row, column: str, value: str, allowed: str) -> NoReturn:
    found = ascii(value)[:40]
    raise DataError(f"{log.path}, line {row.line}: {column} is {found}; it must be {allowed}.")


def _why(left_out: Mapping[str, int]) -> str:
    reasons = ", ".join(f"{count} {why}" for why, count in left_out.items())
    return f" ({reasons})" if reasons else ""
