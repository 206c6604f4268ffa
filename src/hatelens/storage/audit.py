"""The audit log: what happened, in a chain of hashes, and whether it still is what it was.

The chain says nothing of a text but its keyed hash, so that a text can be erased without
breaking it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, func, select

from hatelens.errors import ConfigError
from hatelens.storage import canonical, chain, tables
from hatelens.storage.chain import Line
from hatelens.storage.database import Database

ANSWER = "answer"
SUGGESTION = "suggestion"
EXPIRED = "record.expire"
PART = 500
TABLES = {one.name: one for one in (tables.answers, tables.suggestions, tables.events)}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done to the service or its record.

    Attributes:
        id: of this event.
        time: when, microseconds since 1970 in UTC.
        kind: noun and verb, as ``key.add`` or ``text.erase``.
        subject: what it was done to, as the id of a key or the hash of a text.
        facts: what else there is to know.
    """

    id: str
    time: int
    kind: str
    subject: str
    facts: Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the record is what was written.

    Attributes:
        entries: that were checked and found right.
        fault: the first that is wrong, in one line; empty where all is well.
        seq: number of the entry where that is.
        head: number and hash of the last entry, as ``12:ab...``; to be written down elsewhere.
    """

    entries: int
    fault: str = ""
    seq: int | None = None
    head: str = ""


def row(event: Event) -> dict[str, Any]:
    """Return the row of the table ``events``.

    Raises:
        ValueError: the kind has no dot.
    """
    if "." not in event.kind:
        raise ValueError(f"The kind of an event is noun.verb, not {event.kind!r}.")
    return {
        "id": canonical.text(event.id),
        "time": event.time,
        "kind": canonical.text(event.kind),
        "subject": canonical.text(event.subject),
        "facts": canonical.written(dict(event.facts)),
    }


def table(kind: str) -> Table:
    """Return where the rows of a kind of entry are."""
    return {ANSWER: tables.answers, SUGGESTION: tables.suggestions}.get(kind, tables.events)


def verify(database: Database, *, expected: str = "") -> Verdict:
    """Walk the whole chain and every row that it speaks of, in constant memory.

    Args:
        database: may be in use; what is checked is its state at the beginning.
        expected: ``Verdict.head`` of an earlier walk, which must still be in the chain.

    Returns:
        The first fault, or none.

    Raises:
        ConfigError: ``expected`` is no such head.
        StorageError: the database cannot be read.
    """
    marked = _mark(expected) if expected else None
    with database.read() as connection:
        walk = _Walk(connection, marked)
        try:
            walk.go()
        except _FaultError as fault:
            return Verdict(walk.seq, str(fault), fault.seq)
    return Verdict(walk.seq, head=f"{walk.seq}:{walk.hash}")


class _FaultError(Exception):
    def __init__(self, seq: int | None, line: str) -> None:
        super().__init__(line)
        self.seq = seq


class _Walk:
    """Goes along the chain; ``seq`` and ``hash`` are those of the last entry found right."""

    def __init__(self, connection: Connection, marked: tuple[int, str] | None) -> None:
        self.seq = 0
        self.hash = chain.START
        self._connection = connection
        self._marked = marked
        self._forgotten = _forgotten(connection)
        self._found: Counter[str] = Counter()

    def go(self) -> None:
        """Check everything; the first fault is raised."""
        after = select(tables.entries).order_by(tables.entries.c.seq).limit(PART)
        last = -1
        while part := self._connection.execute(after.where(tables.entries.c.seq > last)).all():
            rows = self._rows(part)
            for entry in part:
                self._check(entry, rows)
            last = self.seq
        self._check_end()
        for name in TABLES:
            self._check_surplus(name)

    def _check(self, entry: Row[Any], rows: Mapping[tuple[str, str], str]) -> None:
        seq = self.seq + 1
        if entry.seq != seq:
            raise _FaultError(seq, f"Entry {seq} is missing: entry {entry.seq} is there instead.")
        line = Line(entry.time, entry.kind, entry.subject, entry.digest)
        if entry.hash != chain.linked(entry.previous, seq, line):
            raise _FaultError(seq, f"Entry {seq} was changed: it does not have its hash.")
        if entry.previous != self.hash:
            raise _FaultError(seq, f"Entry {seq} does not follow the one before it.")
        if self._marked and self._marked[0] == seq and self._marked[1] != entry.hash:
            raise _FaultError(seq, f"Entry {seq} is not the one that was written down.")
        self._check_row(entry, rows)
        self.seq, self.hash = seq, entry.hash

    def _check_row(self, entry: Row[Any], rows: Mapping[tuple[str, str], str]) -> None:
        name = table(entry.kind).name
        what = f"row {entry.subject!a} of the table {name}"
        digest = rows.get((name, entry.subject))
        if digest is None and (name == tables.events.name or entry.time >= self._forgotten):
            raise _FaultError(entry.seq, f"Entry {entry.seq}: {what} is missing.")
        if digest is not None and digest != entry.digest:
            raise _FaultError(entry.seq, f"Entry {entry.seq}: {what} was changed.")
        self._found[name] += digest is not None

    def _rows(self, part: Sequence[Row[Any]]) -> dict[tuple[str, str], str]:
        """Return the digests of the rows that some entries speak of, by table and id."""
        digests: dict[tuple[str, str], str] = {}
        for name, one in TABLES.items():
            ids = [entry.subject for entry in part if table(entry.kind) is one]
            wanted = select(one).where(one.c.id.in_(ids))
            for found in self._connection.execute(wanted) if ids else ():
                digests[name, found.id] = canonical.digest(found._asdict())
        return digests

    def _check_end(self) -> None:
        head = chain.head(self._connection)
        if head is None:
            raise _FaultError(self.seq, "The head of the chain is missing.")
        if head.seq > self.seq:
            raise _FaultError(
                self.seq + 1,
                f"The end of the chain is cut off: entry {self.seq} is the last one there, the "
                f"head names entry {head.seq}.",
            )
        if head != (self.seq, self.hash):
            raise _FaultError(
                self.seq, f"The head of the chain was changed: it is not entry {self.seq}."
            )
        if self._marked and self._marked[0] > self.seq:
            raise _FaultError(
                self.seq + 1,
                f"The end of the chain is cut off: entry {self.seq} is the last one there, entry "
                f"{self._marked[0]} was written down.",
            )

    def _check_surplus(self, name: str) -> None:
        """Find a row that nobody recorded: all that were have been counted."""
        rows, entries = TABLES[name], tables.entries
        count = self._connection.execute(select(func.count()).select_from(rows)).scalar_one()
        if count == self._found[name]:
            return
        surplus = select(rows.c.id).except_(select(entries.c.subject).where(_kinds(name)))
        found = self._connection.execute(surplus.order_by("id").limit(1)).scalar()
        raise _FaultError(
            None,
            f"Row {found!a} of the table {name} is in no entry."
            if found is not None
            else f"The chain names {self._found[name]} rows of the table {name}, not {count}.",
        )


def _kinds(name: str) -> ColumnElement[bool]:
    """Return the condition for the entries that speak of a table."""
    kind = tables.entries.c.kind
    if name == tables.events.name:
        return kind.not_in((ANSWER, SUGGESTION))
    return kind == (ANSWER if name == tables.answers.name else SUGGESTION)


def _forgotten(connection: Connection) -> int:
    """Return before when answers and suggestions may be missing."""
    wanted = select(tables.events.c.facts).where(tables.events.c.kind == EXPIRED)
    before = 0
    for (facts,) in connection.execute(wanted):
        with suppress(ValueError, TypeError, KeyError):  # a changed one is named in its turn
            before = max(before, int(json.loads(facts)["before"]))
    return before


def _mark(text: str) -> tuple[int, str]:
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if not found:
        raise ConfigError(
            f"{text[:80]!a} is no head of a chain; give what an earlier `audit verify` has "
            "printed, a number, a colon and 64 hex digits."
        )
    return int(found[1]), found[2]
