"""What was measured under load, as a table for people and as JSON for machines, without a text."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.load.database import Check
from benchmarks.machine import processor

from hatelens import __version__

NAME = "load"
AGAINST_MODEL = 0.75
AGAINST_NAIVE = 1.4


@dataclass(frozen=True)
class Latency:
    """Milliseconds of acknowledged requests, from the first byte sent to the last one received."""

    p50: float
    p95: float
    p99: float
    longest: float


@dataclass(frozen=True)
class Row:
    """One way of having texts labelled.

    Attributes:
        name: of the way.
        texts: that were labelled.
        seconds: that this took.
        latency: of its requests; None for the model alone.
        server: seconds of processor time that the server, all of its processes, or the bare model
            took meanwhile.
        clients: seconds of processor time that the clients took meanwhile.
    """

    name: str
    texts: int
    seconds: float
    latency: Latency | None = None
    server: float | None = None
    clients: float | None = None

    @property
    def rate(self) -> float:
        """Texts per second."""
        return self.texts / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Report:
    """All that was measured.

    Attributes:
        machine: what it was measured on.
        model: version of the model.
        data: whose texts were asked about.
        database: its kind.
        clients: connections at once.
        workers: processes of the service.
        characters: of a text, on average.
        rows: the bare model, the service, the naive servers.
        statuses: answers of the service by HTTP status.
        unanswered: requests to the service that got no whole answer.
        record: what the database holds of them.
    """

    machine: str
    model: str
    data: str
    database: str
    clients: int
    workers: int
    characters: float
    rows: tuple[Row, ...]
    statuses: Mapping[str, int]
    unanswered: int
    record: Check

    @property
    def holds(self) -> bool:
        """Whether all was answered, nothing with 5xx, and the record is right."""
        failed = any(status.startswith("5") for status in self.statuses)
        answered = not self.unanswered and self.record.texts > 0
        return answered and not failed and self.record.holds

    @property
    def against_model(self) -> float:
        """Texts per second of the service, to those of the bare model."""
        return self.rows[1].rate / self.rows[0].rate

    @property
    def against_naive(self) -> float | None:
        """Texts per second of the service, to those of the faster naive server; None without."""
        rates = [one.rate for one in self.rows[2:]]
        return self.rows[1].rate / max(rates) if rates else None

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {
            "version": __version__,
            **asdict(self),
            "rows": [asdict(one) | {"rate": one.rate} for one in self.rows],
            "against_model": self.against_model,
            "against_naive": self.against_naive,
            "holds": self.holds,
        }


def latency(seconds: Sequence[float]) -> Latency | None:
    """Return the percentiles of times, by nearest rank; None where there are none."""
    if not seconds:
        return None
    ordered = sorted(1000 * one for one in seconds)

    def rank(share: float) -> float:
        return ordered[max(math.ceil(share * len(ordered)), 1) - 1]

    return Latency(rank(0.5), rank(0.95), rank(0.99), ordered[-1])


def machine() -> str:
    """Say what this is measured on."""
    return (
        f"{processor()}, {os.cpu_count()} cores with a load of {os.getloadavg()[0]:.1f} before, "
        f"{platform.system()}, Python {platform.python_version()}"
    )


def write(report: Report, out: Path) -> None:
    """Write load.md and load.json."""
    out.mkdir(parents=True, exist_ok=True)
    values = json.dumps(report.to_dict(), indent=2)
    (out / f"{NAME}.json").write_text(values + "\n", encoding="utf-8")
    (out / f"{NAME}.md").write_text(markdown(report), encoding="utf-8")


def markdown(report: Report) -> str:
    """Word the report."""
    about = (
        f"hatelens {__version__}, model `{report.model}`, {report.workers} worker"
        f"{'s' if report.workers > 1 else ''}, {report.database}. {report.machine}. "
        f"{report.clients} clients on the same machine, one text per request, each text different "
        f"({report.data}, {report.characters:.0f} characters on average)."
    )
    head = [
        "", "texts", "texts/s", "to the bare model", "p50 ms", "p95 ms", "p99 ms", "longest ms",
        "CPU ms per text", "of the clients",
    ]  # fmt: skip
    lines = ["# The service under load", "", about, "", _line(head), "|" + "--|" * len(head)]
    lines += [_line(_cells(one, report.rows[0].rate)) for one in report.rows]
    return "\n".join([*lines, "", *_findings(report)]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cells(row: Row, base: float) -> list[str]:
    times = list(asdict(row.latency).values()) if row.latency else [None] * 4
    return [
        row.name,
        f"{row.texts:,}",
        f"{row.rate:,.1f}",
        f"{row.rate / base:.2f}",
        *(_number(one) for one in times),
        _each(row.server, row.texts),
        _each(row.clients, row.texts),
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"


def _each(seconds: float | None, texts: int) -> str:
    """Word the processor time of one text: on a busy machine it says more than the speed."""
    return "-" if seconds is None or not texts else f"{1000 * seconds / texts:.2f}"


def _findings(report: Report) -> list[str]:
    naive, record = report.against_naive, report.record
    answers = ", ".join(f"{count:,} with {status}" for status, count in report.statuses.items())
    found = [f"To the bare model: {_held(report.against_model, AGAINST_MODEL)}."]
    if naive is not None:
        found.append(f"To the faster naive server: {_held(naive, AGAINST_NAIVE)}.")
    lost = f"{len(record.missing)} missing, {len(record.doubled)} doubled"
    found += [
        f"Answers: {answers or 'none'}; {report.unanswered} requests unanswered.",
        f"On record: of {record.texts:,} acknowledged requests {lost}.",
        f"Audit chain: {record.entries:,} entries, {record.fault or 'verified'}.",
    ]
    return [f"- {one}" for one in found]


def _held(value: float, least: float) -> str:
    return f"{value:.2f} times; at least {least} is {'reached' if value >= least else 'missed'}"
