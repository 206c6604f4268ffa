"""Labels and explains a data set with a detector, row by row, and goes on where it was stopped.

The output is a JSONL file that hatelens can train on.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hatelens import detect
from hatelens.data import files
from hatelens.data.explanations import GROUPS
from hatelens.detect import Pipeline
from hatelens.errors import DataError, unknown
from hatelens.explain.occlusion import LEFT_OUT
from hatelens.models import folder, prompt
from hatelens.models.detector import Prediction
from hatelens.progress import track

SUFFIX = ".jsonl"
KEPT = ("id", "group", "split")
"""Columns of the input that keep their role in the output."""
OWN = ("model_version", "policy_version", "prompt", "explained")
"""What all rows of a file share: a run that goes on must have the same."""


@dataclass(frozen=True)
class Source:
    """What is annotated.

    Attributes:
        path: CSV, TSV, JSON, JSONL, Parquet; or TXT with one text per line.
        columns: role (``text``, ``id``, ``group``, ``split``) to the column that plays it.
    """

    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Annotator:
    """Who annotates.

    Attributes:
        pipeline: labels and explains.
        name: of the model, as it was asked for.
        prompt: what stands around the texts; empty where the model has none.
        explain: whether to explain too.
    """

    pipeline: Pipeline
    name: str
    prompt: str = ""
    explain: bool = False

    def own(self) -> dict[str, Any]:
        """Return what is the same in all rows."""
        return {
            "model": self.name,
            "model_version": self.pipeline.model_version,
            "policy_version": self.pipeline.policy_version,
            "prompt": self.prompt,
            "explained": self.explain,
        }


def annotator(model: str, *, explain: bool = False) -> Annotator:
    """Open a model that annotates, with the prompts that it is asked by.

    Args:
        model: a model folder, or ``default``.
        explain: whether it is to explain too.

    Raises:
        ModelError: there is no such model, or it is damaged.
    """
    pipeline = detect.load(model)
    file = folder.find(model) / prompt.FILE
    asked = [file.read_text(encoding="utf-8")] if file.is_file() else []
    if explain and pipeline.writer and pipeline.writer.prompt not in asked:
        asked.append(pipeline.writer.prompt)
    return Annotator(pipeline, model, "\n\n".join(asked), explain)


@dataclass(frozen=True)
class Annotated:
    """What was done.

    Attributes:
        path: the file.
        rows: in it.
        found: rows that an earlier run had written.
    """

    path: Path
    rows: int
    found: int


def annotate(annotator: Annotator, source: Source, out: Path) -> Annotated:
    """Annotate every row of a file.

    Each row is written as soon as it is known, to ``OUT.part``, which becomes ``OUT`` when all is
    written. A run that finds such a file goes on behind its last whole row.

    Args:
        annotator: who annotates.
        source: what is annotated.
        out: a ``.jsonl`` file that does not exist yet.

    Raises:
        DataError: a file or a column is missing, ``out`` exists, or ``OUT.part`` was begun with
            another model or for another file.
    """
    _check(out)
    part = out.with_name(out.name + ".part")
    records = _records(source)
    count = found = _resumed(part, annotator, records)
    with part.open("a", encoding="utf-8", errors="backslashreplace") as file:
        for row in track(_rows(annotator, records), "Annotating"):
            file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
            file.flush()  # what is written survives when the run is killed
            count += 1
    part.replace(out)
    return Annotated(out, count, found)


def _check(out: Path) -> None:
    if out.suffix != SUFFIX:
        raise DataError(f"--out takes a {SUFFIX} file; found {out.name!r}.")
    if out.exists():
        raise DataError(f"{out} exists already; name another file, or remove it first.")
    if not out.parent.is_dir():
        raise DataError(f"There is no folder {out.parent}; make it first.")


@dataclass(frozen=True)
class Record:
    """One row of the input.

    Attributes:
        line: where it stands.
        text: what is annotated.
        values: all of its columns, the text's left out.
        roles: columns that keep their role.
    """

    line: int
    text: str
    values: Mapping[str, object]
    roles: Mapping[str, str]


def _records(source: Source) -> Iterator[Record]:
    if source.path.suffix.lower() == ".txt":
        yield from _lines(source.path)
        return
    for role in source.columns:
        if role not in {"text", *KEPT}:
            raise DataError(unknown("role of a column", role, ["text", *KEPT]))
    for row in files.rows(source.path):
        yield _record(row, source)


def _record(row: files.Row, source: Source) -> Record:
    names = {role: source.columns.get(role, role) for role in ("text", *KEPT)}
    for role, column in names.items():
        if column not in row.values and (role == "text" or role in source.columns):
            do = "Say which one it is, as in text=comment."
            line = f"{source.path}, line {row.line}: "
            raise DataError(line + unknown("column", column, map(str, row.values), do=do))
    return Record(
        row.line,
        row.text(names["text"]),
        {name: value for name, value in row.values.items() if name != names["text"]},
        {role: row.text(names[role]) for role in KEPT if names[role] in row.values},
    )


def _lines(path: Path) -> Iterator[Record]:
    """Read one text per line; bytes that are not UTF-8 are kept as lone surrogates."""
    if not path.is_file():
        raise DataError(f"There is no file {path}.")
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            text = line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
            yield Record(number, text, {}, {})


def _rows(annotator: Annotator, records: Iterable[Record]) -> Iterator[dict[str, Any]]:
    """Annotate records in constant memory: the model is at most one batch ahead."""
    for_model, for_output = itertools.tee(records)
    texts = (record.text for record in for_model)
    own = annotator.own()
    predictions = annotator.pipeline.stream(texts, explain=annotator.explain)
    for record, prediction in zip(for_output, predictions, strict=False):
        yield _row(record, prediction, annotator) | own


def _row(record: Record, prediction: Prediction, annotator: Annotator) -> dict[str, Any]:
    said = prediction.to_dict()
    return {
        **record.roles,
        "text": record.text,
        "label": prediction.label,
        "hateful": said["hateful"],
        "decision": prediction.decision,
        "scores": said["scores"],
        "targets": _targets(prediction, annotator),
        **({"spans": _offsets(prediction)} if annotator.explain or prediction.spans else {}),
        "explanation": said["explanation"],
        "note": prediction.note,
        "line": record.line,
        "row": dict(record.values),
    }


def _targets(prediction: Prediction, annotator: Annotator) -> list[str]:
    """Return whom a text affects: as the explanation has it, else from the thresholds on."""
    written = (prediction.explanation or {}).get(GROUPS)
    if written is not None:
        return list(written)
    named = annotator.pipeline.named
    return [name for name, score in prediction.targets.items() if score >= named.get(name, 0.5)]


def _offsets(prediction: Prediction) -> list[int]:
    """Return the marked characters one by one, as data sets hold them.

    Leaving words out finds the highest of any text: in one that is cleared they carry no hate, and
    nobody is to learn them as if they did.
    """
    if prediction.decision == "clear" and prediction.explanation == LEFT_OUT:
        return []
    return sorted({at for span in prediction.spans for at in range(span.begin, span.end)})


def _resumed(part: Path, annotator: Annotator, records: Iterator[Record]) -> int:
    """Count the whole rows that an earlier run has written, and drop a torn one at the end.

    The records of these rows are taken from the iterator.

    Raises:
        DataError: they are of another model, or not of these records.
    """
    if not part.is_file():
        return 0
    count = whole = 0
    with part.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            _check_row(part, count + 1, _parsed(line), annotator, next(records, None))
            whole, count = whole + len(line), count + 1
    with part.open("rb+") as file:
        file.truncate(whole)
    return count


def _parsed(line: bytes) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _check_row(
    part: Path, line: int, row: Mapping[str, Any], annotator: Annotator, record: Record | None
) -> None:
    own = annotator.own()
    for name in OWN:
        if row.get(name) != own[name]:
            raise DataError(
                f"{part} was begun with {name.replace('_', ' ')} {str(row.get(name))[:60]!r}, not "
                f"{str(own[name])[:60]!r}; remove it to begin anew."
            )
    if record is None or row.get("text") != record.text:
        raise DataError(
            f"{part}, line {line}: it was begun for another file; remove it to begin anew."
        )
