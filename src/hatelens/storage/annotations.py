"""Annotations: each stored text with the last thing that a person said of it, to learn from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, select

from hatelens.labels import LabelSet
from hatelens.storage.database import Database
from hatelens.storage.sealing import Sealer
from hatelens.storage.tables import answers, suggestions, texts, verdicts
from hatelens.storage.verdicts import HATEFUL, OTHER, UNCLEAR

PART = 500
SUGGESTED = ("toxicity", "hateful")
"""Attributes of a suggestion that say which side it takes."""
ERASED, UNDECIDED, UNKNOWN, SILENT = (
    "text erased", "verdict unclear", "label unknown to the model", "suggestion without toxicity",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Annotation:
    """A text and what a person said of it.

    Attributes:
        text: as its author wrote it.
        label: of the model's labels, or of the two pooled ones.
        source: ``verdict``, ``appeal`` (a verdict that settled one) or ``suggestion``.
        time: when it was said, microseconds since 1970 in UTC.
        model: version of the model whose answer was judged; empty where that is not known.
        hateful: score of that answer, 0-1; None where that is not known.
        community: that the request named; empty without one.
        reviewer: id of the user, or of the key that sent the suggestion.
    """

    text: str
    label: str
    source: str
    time: int
    model: str
    hateful: float | None
    community: str
    reviewer: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported.

    Attributes:
        labels: the scheme; one label on a side stands for others of that side.
        since: begin of the time, microseconds since 1970 in UTC; None for no limit.
        until: end, not included; None for no limit.
    """

    labels: LabelSet
    since: int | None = None
    until: int | None = None


def exported(
    database: Database, sealer: Sealer, wanted: Wanted, left_out: Counter[str]
) -> Iterator[Annotation]:
    """Give the newest verdict of each text in a time; then suggestions for texts without any.

    Args:
        database: the record.
        sealer: opens the texts.
        wanted: labels and time.
        left_out: what is not given is counted here, by reason.

    Raises:
        ConfigError: there is no secret.
        StorageError: the database cannot be read, or a text cannot be opened.
    """
    with database.read() as connection:
        for row in _rows(connection, _verdicts(wanted)):
            label = "" if row.label == UNCLEAR else _fitting(row.label, row.side, wanted.labels)
            reason = UNDECIDED if row.label == UNCLEAR else "" if label else UNKNOWN
            source = "appeal" if row.appeal else "verdict"
            yield from _annotation(row, sealer, left_out, label=label, source=source, reason=reason)
        for row in _rows(connection, _suggestions(wanted)):
            side = _side(row.attributes)
            label = _first(side, wanted.labels)
            reason = "" if label else UNKNOWN if side else SILENT
            yield from _annotation(
                row, sealer, left_out, label=label, source="suggestion", reason=reason
            )


def _rows(connection: Connection, wanted: Select[Any]) -> Iterator[Row[Any]]:
    yield from connection.execute(wanted, execution_options={"yield_per": PART})


def _verdicts(wanted: Wanted) -> Select[Any]:
    newest = _newest(verdicts, wanted).where(verdicts.c.undone.is_(None)).subquery()
    return (
        select(newest, texts.c.sealed, answers.c.model, answers.c.hateful, answers.c.community)
        .outerjoin(texts, texts.c.text_hash == newest.c.text_hash)
        .outerjoin(answers, answers.c.id == newest.c.answer)
        .where(newest.c.place == 1)
        .order_by(newest.c.time, newest.c.id)
    )


def _suggestions(wanted: Wanted) -> Select[Any]:
    judged = select(verdicts.c.id).where(
        verdicts.c.text_hash == suggestions.c.text_hash, verdicts.c.undone.is_(None)
    )
    newest = _newest(suggestions, wanted).where(~judged.exists()).subquery()
    return (
        select(newest, newest.c.key.label("reviewer"), texts.c.sealed)
        .outerjoin(texts, texts.c.text_hash == newest.c.text_hash)
        .where(newest.c.place == 1)
        .order_by(newest.c.time, newest.c.id)
    )


def _newest(table: Table, wanted: Wanted) -> Select[Any]:
    """Number what was said of each text in the time, the newest first."""
    order = (table.c.time.desc(), table.c.id.desc())
    place = func.row_number().over(partition_by=table.c.text_hash, order_by=order)
    found = select(table, place.label("place"))
    if wanted.since is not None:
        found = found.where(table.c.time >= wanted.since)
    if wanted.until is not None:
        found = found.where(table.c.time < wanted.until)
    return found


def _annotation(
    row: Row[Any],
    sealer: Sealer,
    left_out: Counter[str],
    *,
    label: str,
    source: str,
    reason: str,
) -> Iterator[Annotation]:
    """Give what a row says, or count why not."""
    sealed: bytes | None = row.sealed
    if sealed is None or reason:
        left_out[ERASED if sealed is None else reason] += 1
        return
    values = row._asdict()
    yield Annotation(
        text=sealer.open(sealed),
        label=label,
        source=source,
        time=row.time,
        model=values.get("model") or "",
        hateful=values.get("hateful"),
        community=values["community"] or "",
        reviewer=row.reviewer,
    )


def _fitting(label: str, side: str, labels: LabelSet) -> str:
    """Return a label of the scheme: the one given, or the only one of its side; empty for none."""
    if label in labels.names:
        return label
    same = _of_side(side, labels)
    return same[0] if len(same) == 1 else ""


def _first(side: str, labels: LabelSet) -> str:
    """Return the first label of a side; empty where there is none."""
    return next(iter(_of_side(side, labels)), "")


def _of_side(side: str, labels: LabelSet) -> list[str]:
    hateful = {HATEFUL: True, OTHER: False}.get(side)
    return [name for name in labels.names if labels.is_hateful(name) is hateful]


def _side(attributes: str) -> str:
    """Return the side that a suggestion takes; empty for none."""
    said = {name.lower(): score for name, score in json.loads(attributes).items()}
    score = next((said[name] for name in SUGGESTED if name in said), None)
    return "" if score is None else HATEFUL if score >= 0.5 else OTHER
