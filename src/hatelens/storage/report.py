"""The report: what was answered in a time, counted in the database."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from hatelens.storage import clock, comparison
from hatelens.storage.answers import selection
from hatelens.storage.comparison import Comparison
from hatelens.storage.database import Database
from hatelens.storage.tables import answers

DIMENSIONS: Mapping[str, ColumnElement[Any]] = {
    "labels": answers.c.label,
    "communities": answers.c.community,
    "models": answers.c.model,
    "policies": answers.c.policy,
    "routes": answers.c.route,
    "days": answers.c.time // clock.DAY,
}
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
NAMES = 1000
"""Names of a dimension that are told apart: strangers may have made up any number of them."""
OTHERS = "(all others)"
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many texts, by decision.

    Attributes:
        texts: all of them.
        flag: decided to be hateful.
        clear: decided not to be.
        unsure: left to a person.
    """

    texts: int = 0
    flag: int = 0
    clear: int = 0
    unsure: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What was answered.

    Attributes:
        since: begin of the time, microseconds since 1970 in UTC; None for no limit.
        until: end, not included; None for no limit.
        community: the only one that is counted, empty for requests that named none; None for all.
        requests: that were answered.
        total: their texts.
        labels: texts by label.
        communities: by community; the empty name is for requests that named none.
        models: by version of the model.
        policies: by version of the policy.
        routes: by path of the service.
        days: by day in UTC, as ``2026-01-31``, in order.
        latency: milliseconds of a request by percentile: ``p50``, ``p95``, ``p99``; empty where
            nothing was answered.
        shadow: the model in the shadow beside what was answered; None where there was none.
    """

    since: int | None
    until: int | None
    community: str | None
    requests: int
    total: Count
    labels: Mapping[str, Count]
    communities: Mapping[str, Count]
    models: Mapping[str, Count]
    policies: Mapping[str, Count]
    routes: Mapping[str, Count]
    days: Mapping[str, Count]
    latency: Mapping[str, float]
    shadow: Comparison | None = None

    @property
    def unsure(self) -> float:
        """The share of texts that are left to a person, 0-1."""
        return self.total.unsure / self.total.texts if self.total.texts else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, the times as people write them."""
        return {
            "since": None if self.since is None else clock.written(self.since),
            "until": None if self.until is None else clock.written(self.until),
            "community": self.community,
            "requests": self.requests,
            "total": asdict(self.total),
            "unsure": round(self.unsure, 6),
            "latency": {name: round(value, 3) for name, value in self.latency.items()},
            "shadow": None if self.shadow is None else self.shadow.to_dict(),
        } | {
            name: {value: asdict(count) for value, count in getattr(self, name).items()}
            for name in DIMENSIONS
        }

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Return the rows of a CSV file, the heading first; no cell becomes a formula."""
        yield ("by", "name", "texts", "flag", "clear", "unsure", "requests", *PERCENTILES)
        latency = [f"{self.latency[name]:.3f}" if self.latency else "" for name in PERCENTILES]
        yield ("all", "", *_cells(self.total), str(self.requests), *latency)
        for name in DIMENSIONS:
            for value, count in getattr(self, name).items():
                yield (name, _harmless(value), *_cells(count), *[""] * (1 + len(PERCENTILES)))
        for row in self.shadow.rows() if self.shadow else ():
            yield (*map(str, row), *[""] * (1 + len(PERCENTILES)))


def made(
    database: Database,
    since: int | None = None,
    until: int | None = None,
    community: str | None = None,
) -> Report:
    """Count what was answered.

    Args:
        database: the record.
        since: microseconds since 1970 in UTC; None for from the beginning.
        until: likewise, not included; None for up to now.
        community: count only this one, empty for requests that named none; None for all.

    Raises:
        StorageError: the database cannot be read.
    """
    asked = list(selection(since, until, community))
    with database.read() as connection:
        total = _total(connection, asked)
        counts = {name: _counts(connection, name, asked, total) for name in DIMENSIONS}
        requests, latency = _latency(connection, asked)
        shadow = comparison.compared(connection, since, until, community)
    return Report(
        since, until, community, requests, total, latency=latency, shadow=shadow, **counts
    )


def _figures() -> list[ColumnElement[int]]:
    """Return what ``Count`` is made of, in its order."""
    texts = func.count()
    by = [texts.filter(answers.c.decision == name) for name in ("flag", "clear", "unsure")]
    return [texts, *by]


def _total(connection: Connection, asked: Iterable[ColumnElement[bool]]) -> Count:
    return Count(*connection.execute(select(*_figures()).where(*asked)).one())


def _counts(
    connection: Connection, name: str, asked: Iterable[ColumnElement[bool]], total: Count
) -> dict[str, Count]:
    """Count by one dimension: days in order, names by how many texts they have."""
    value = DIMENSIONS[name].label("value")
    texts, *rest = _figures()
    wanted = select(value, texts, *rest).where(*asked).group_by(value)
    if name == "days":
        days = connection.execute(wanted.order_by(value)).all()
        return {clock.written(row[0] * clock.DAY)[:10]: Count(*row[1:]) for row in days}
    rows = connection.execute(wanted.order_by(texts.desc(), value).limit(NAMES)).all()
    counts = {row[0]: Count(*row[1:]) for row in rows}
    if len(rows) < NAMES:
        return counts
    counts.pop(OTHERS, None)
    return counts | {OTHERS: _less(total, counts.values())}


def _less(total: Count, counts: Iterable[Count]) -> Count:
    left = list(asdict(total).values())
    for count in counts:
        left = [a - b for a, b in zip(left, asdict(count).values(), strict=True)]
    return Count(*left)


def _latency(
    connection: Connection, asked: Iterable[ColumnElement[bool]]
) -> tuple[int, dict[str, float]]:
    """Return the number of requests, and their percentiles by nearest rank."""
    first = select(answers.c.latency).where(*asked, answers.c.place == 0)
    requests = connection.execute(select(func.count()).select_from(first.subquery())).scalar_one()
    if not requests:
        return 0, {}
    place = func.row_number().over(order_by=answers.c.latency).label("place")
    ranked = first.add_columns(place).subquery()
    ranks = {name: math.ceil(share * requests) for name, share in PERCENTILES.items()}
    found = connection.execute(
        select(ranked.c.place, ranked.c.latency).where(ranked.c.place.in_(set(ranks.values())))
    )
    latency = {row[0]: row[1] for row in found}
    return requests, {name: latency[rank] for name, rank in ranks.items()}


def _cells(count: Count) -> list[str]:
    return [str(value) for value in asdict(count).values()]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULAS) else cell
