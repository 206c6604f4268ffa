"""Charts of the report as SVG, drawn by the server: no script, no style in the page.

Names go through the template, which escapes them; numbers are laid out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hatelens.storage.report import OTHERS, Count

ROWS = 20
DAYS = 92
WIDTH, HEIGHT = 720, 160
GAP = 0.2
DECISIONS = ("flag", "unsure", "clear")


@dataclass(frozen=True, slots=True)
class Part:
    """One coloured part of a bar, in the units of its picture.

    Attributes:
        decision: ``flag``, ``unsure`` or ``clear``.
        begin: where it begins, from the left or from below.
        size: how long it is.
    """

    decision: str
    begin: float
    size: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One name with its texts, by decision.

    Attributes:
        name: as it is on record.
        count: its texts.
        share: of all texts of the table, 0-1.
        parts: lying, 0-100 for the largest bar of the table.
    """

    name: str
    count: Count
    share: float
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Column:
    """One day or month.

    Attributes:
        name: as ``2026-01-31`` or ``2026-01``.
        count: its texts.
        left: where it begins.
        width: how broad it is.
        parts: standing, from below, ``HEIGHT`` for the highest.
    """

    name: str
    count: Count
    left: float
    width: float
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Table:
    """The bars of one question.

    Attributes:
        title: what is counted.
        column: heading of the names.
        bars: most texts first, at most ``ROWS``.
        rest: texts of all other names.
    """

    title: str
    column: str
    bars: Sequence[Bar]
    rest: int = 0


def table(title: str, column: str, counts: Mapping[str, Count], most: int = ROWS) -> Table:
    """Lay out the bars of one question, the largest first."""
    total = sum(count.texts for count in counts.values())
    named = [pair for pair in counts.items() if pair[0] != OTHERS]
    pairs = sorted(named, key=lambda pair: (-pair[1].texts, pair[0]))[:most]
    largest = max((count.texts for _, count in pairs), default=0)
    bars = [
        Bar(name, count, count.texts / (total or 1), _parts(count, largest, 100))
        for name, count in pairs
    ]
    return Table(title, column, bars, total - sum(count.texts for _, count in pairs))


def columns(days: Mapping[str, Count]) -> list[Column]:
    """Lay out the days, those without a text too; as months where there are too many."""
    counts = dict(_filled(days)) if days else {}
    largest = max((count.texts for count in counts.values()), default=0)
    each = WIDTH / max(len(counts), 1)
    return [
        Column(
            name,
            count,
            round(place * each + each * GAP / 2, 2),
            round(each * (1 - GAP), 2),
            _parts(count, largest, HEIGHT),
        )
        for place, (name, count) in enumerate(counts.items())
    ]


def _filled(days: Mapping[str, Count]) -> Iterator[tuple[str, Count]]:
    first, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    span = (last - first).days + 1
    if span <= DAYS:
        for offset in range(span):
            name = (first + timedelta(days=offset)).isoformat()
            yield name, days.get(name, Count())
        return
    months = _months(days)
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        name = f"{number // 12:04}-{number % 12 + 1:02}"
        yield name, months.get(name, Count())


def _months(days: Mapping[str, Count]) -> dict[str, Count]:
    months: dict[str, Count] = {}
    for day, count in days.items():
        name = day[: len("2026-01")]
        held = months.get(name, Count())
        months[name] = Count(
            held.texts + count.texts,
            held.flag + count.flag,
            held.clear + count.clear,
            held.unsure + count.unsure,
        )
    return months


def _parts(count: Count, largest: int, length: float) -> list[Part]:
    """Cut one bar into its decisions; ``largest`` texts are as long as ``length``."""
    parts: list[Part] = []
    begin = 0.0
    for decision in DECISIONS:
        size = length * getattr(count, decision) / largest if largest else 0.0
        if size:
            parts.append(Part(decision, round(begin, 2), round(size, 2)))
        begin += size
    return parts
