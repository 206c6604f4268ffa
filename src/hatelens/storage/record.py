"""The one way onto the record: rows and their entries in the chain, in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert

from hatelens.storage import answers, audit, canonical, chain, suggestions
from hatelens.storage.answers import Answer
from hatelens.storage.audit import Event
from hatelens.storage.chain import Line
from hatelens.storage.suggestions import Suggestion


@dataclass(frozen=True, slots=True)
class Written:
    """A row that is ready to be inserted.

    Attributes:
        line: what the chain says of it.
        row: its values by column.
    """

    line: Line
    row: dict[str, Any]


def written(entry: Answer | Suggestion | Event) -> Written:
    """Spell an entry the one way in which it is stored and hashed.

    Raises:
        ValueError: a score is infinite or no number, or the kind of an event has no dot.
    """
    if isinstance(entry, Answer):
        kind, row = audit.ANSWER, answers.row(entry)
    elif isinstance(entry, Suggestion):
        kind, row = audit.SUGGESTION, suggestions.row(entry)
    else:
        row = audit.row(entry)
        kind = row["kind"]
    return Written(Line(row["time"], kind, row["id"], canonical.digest(row)), row)


def add(connection: Connection, found: Sequence[Written]) -> None:
    """Insert rows and append their entries to the chain, in this order."""
    chain.append(connection, [one.line for one in found])
    rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in found:
        rows[audit.table(one.line.kind).name].append(one.row)
    for one in rows:
        connection.execute(insert(audit.TABLES[one]), rows[one])


def note(connection: Connection, event: Event) -> None:
    """Put one event on record."""
    add(connection, [written(event)])
