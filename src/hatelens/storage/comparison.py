"""A model in the shadow beside what was answered: agreement, shift, and who would change sides."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from hatelens.storage.answers import selection
from hatelens.storage.served import SHADOW
from hatelens.storage.tables import answers, served, shadows

DECISIONS = ("flag", "unsure", "clear")
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
SHOWN = 100
"""Texts whose ids are listed."""
Z = 1.959964
"""Of the normal distribution, for an interval of 95 %."""

Both: TypeAlias = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Share:
    """A share of some texts, with its interval.

    Attributes:
        count: texts that are meant.
        value: the share, 0-1.
        low: begin of the 95 % interval.
        high: its end.
    """

    count: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the score ``hateful`` moves from the answer to the shadow.

    Attributes:
        mean: of the differences; above 0 where the shadow's score is higher.
        low: begin of the 95 % interval of the mean.
        high: its end.
        quantiles: of the differences, by name as ``p95``.
    """

    mean: float
    low: float
    high: float
    quantiles: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Crossing:
    """A text that would change sides.

    Attributes:
        answer: id of the answer.
        request: id of the request; its sender has it.
        place: position of the text in the request, from 0.
        decision: that was given.
        shadow: the shadow's decision.
        hateful: the score that was given.
        shadow_hateful: the shadow's score.
    """

    answer: str
    request: str
    place: int
    decision: str
    shadow: str
    hateful: float
    shadow_hateful: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A model in the shadow beside what was answered meanwhile.

    Attributes:
        model: version of the model in the shadow.
        against: versions that answered, and how many of the compared texts each did.
        texts: that were compared.
        left_out: texts that were answered since the first of them and not compared (yet).
        agreement: texts with the same decision.
        kappa: Cohen's kappa of the decisions: 1 for the same, 0 for chance.
        sides: texts that are flagged by one of the two and not by the other.
        shift: of the score.
        counts: texts by the decision that was given, then by that of the shadow.
        crossings: the newest of those that would change sides.
    """

    model: str
    against: Mapping[str, int]
    texts: int
    left_out: int
    agreement: Share
    kappa: float
    sides: Share
    shift: Shift
    counts: Mapping[str, Mapping[str, int]]
    crossings: Sequence[Crossing]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            name: _rounded(value)
            for name, value in (asdict(self) | {"against": dict(self.against)}).items()
        }

    def rows(self) -> Iterator[tuple[str, str, int, int, int, int]]:
        """Return a row per decision that was given: by, name, texts, and the shadow's decisions."""
        for given in DECISIONS:
            flag, unsure, clear = (self.counts[given][one] for one in DECISIONS)
            yield "shadow", f"answered {given}", flag + unsure + clear, flag, clear, unsure


def compared(
    connection: Connection,
    since: int | None = None,
    until: int | None = None,
    community: str | None = None,
) -> Comparison | None:
    """Compare the model in the shadow, or else the last that was, with what was answered.

    Args:
        connection: of the record.
        since: when it was answered, microseconds since 1970 in UTC; None for no limit.
        until: likewise, not included.
        community: only this one, empty for requests that named none; None for all.

    Returns:
        None where there is nothing to compare.
    """
    model = _model(connection)
    if model is None:
        return None
    asked = list(selection(since, until, community))
    both = _both(model, asked)
    counts = _counts(connection, both)
    texts = sum(sum(row.values()) for row in counts.values())
    if not texts:
        return None
    same = sum(counts[one][one] for one in DECISIONS)
    crossed = _crossed(counts)
    return Comparison(
        model=model,
        against=_against(connection, both),
        texts=texts,
        left_out=_answered(connection, model, both, asked) - texts,
        agreement=share(same, texts),
        kappa=kappa(counts),
        sides=share(crossed, texts),
        shift=_shift(connection, both, texts),
        counts=counts,
        crossings=_crossings(connection, both),
    )


def share(count: int, of: int) -> Share:
    """Return a share with its 95 % interval (Wilson 1927).

    Args:
        count: that are meant.
        of: all of them; at least one.
    """
    value = count / of
    squared = Z * Z / of
    middle = (value + squared / 2) / (1 + squared)
    half = Z / (1 + squared) * math.sqrt(value * (1 - value) / of + squared / of / 4)
    # Rounding must not put a share of all, or of none, outside of its own interval.
    return Share(count, value, max(0.0, min(middle - half, value)), max(middle + half, value))


def kappa(counts: Mapping[str, Mapping[str, int]]) -> float:
    """Return Cohen's kappa of two raters (Cohen 1960); 1 where both always say one thing.

    Args:
        counts: texts by the first one's decision, then by that of the second.
    """
    total = sum(sum(row.values()) for row in counts.values())
    same = sum(counts[one][one] for one in DECISIONS) / total
    chance = sum(
        sum(counts[one].values()) * sum(row[one] for row in counts.values()) for one in DECISIONS
    ) / (total * total)
    return 1.0 if chance == 1 else (same - chance) / (1 - chance)


def _model(connection: Connection) -> str | None:
    """Return the version in the shadow, or else the one that was there last."""
    named = select(served.c.version).where(served.c.role == SHADOW)
    last = select(shadows.c.model).order_by(shadows.c.time.desc()).limit(1)
    return connection.execute(named).scalar() or connection.execute(last).scalar()


def _both(model: str, asked: Sequence[ColumnElement[bool]]) -> Both:
    """Return the question for answers that the shadow has seen, beside what it says."""
    return (
        select(
            answers.c.id,
            answers.c.request,
            answers.c.place,
            answers.c.time,
            answers.c.model,
            answers.c.decision,
            answers.c.hateful,
            shadows.c.decision.label("shadow"),
            shadows.c.hateful.label("shadow_hateful"),
        )
        .join(shadows, shadows.c.answer == answers.c.id)
        .where(shadows.c.model == model, *asked)
    )


def _counts(connection: Connection, both: Both) -> dict[str, dict[str, int]]:
    pairs = both.subquery().c
    wanted = select(pairs.decision, pairs.shadow, func.count()).group_by(
        pairs.decision, pairs.shadow
    )
    counts = {given: dict.fromkeys(DECISIONS, 0) for given in DECISIONS}
    for given, other, count in connection.execute(wanted):
        counts[given][other] = count
    return counts


def _crossed(counts: Mapping[str, Mapping[str, int]]) -> int:
    """Count the texts that one of the two flags and the other does not."""
    flagged = sum(counts["flag"].values()) + sum(row["flag"] for row in counts.values())
    return flagged - 2 * counts["flag"]["flag"]


def _against(connection: Connection, both: Both) -> dict[str, int]:
    model = both.subquery().c.model
    count = func.count()
    wanted = select(model, count).group_by(model).order_by(count.desc(), model)
    return {row[0]: row[1] for row in connection.execute(wanted)}


def _answered(
    connection: Connection, model: str, both: Both, asked: Sequence[ColumnElement[bool]]
) -> int:
    """Count the answers since the first that was compared; up to the last, once it is over."""
    time = both.subquery().c.time
    first, last = connection.execute(select(func.min(time), func.max(time))).one()
    named = select(served.c.version).where(served.c.role == SHADOW)
    wanted = select(func.count()).select_from(answers).where(answers.c.time >= first, *asked)
    if connection.execute(named).scalar() != model:
        wanted = wanted.where(answers.c.time <= last)
    return connection.execute(wanted).scalar_one()


def _shift(connection: Connection, both: Both, texts: int) -> Shift:
    pairs = both.subquery().c
    moved = (pairs.shadow_hateful - pairs.hateful).label("moved")
    mean, square = connection.execute(select(func.avg(moved), func.avg(moved * moved))).one()
    half = Z * math.sqrt(max(square - mean * mean, 0.0) / texts)
    place = func.row_number().over(order_by=moved).label("place")
    ranked = select(moved, place).subquery()
    ranks = {name: math.ceil(part * texts) for name, part in QUANTILES.items()}
    wanted = select(ranked.c.place, ranked.c.moved).where(ranked.c.place.in_(set(ranks.values())))
    found = {row[0]: row[1] for row in connection.execute(wanted)}
    quantiles = {name: found[rank] for name, rank in ranks.items()}
    return Shift(mean, mean - half, mean + half, quantiles)


def _crossings(connection: Connection, both: Both) -> list[Crossing]:
    flags = (answers.c.decision == "flag", shadows.c.decision == "flag")
    wanted = both.where(flags[0] != flags[1]).order_by(answers.c.time.desc(), answers.c.id.desc())
    return [_crossing(row) for row in connection.execute(wanted.limit(SHOWN))]


def _crossing(row: Row[Any]) -> Crossing:
    return Crossing(
        row.id, row.request, row.place, row.decision, row.shadow, row.hateful, row.shadow_hateful
    )


def _rounded(value: Any) -> Any:
    """Return JSON values with scores to six places, as everywhere."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, Mapping):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_rounded(one) for one in value]
    return value
