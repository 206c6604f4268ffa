"""The measurements as tables for people and as JSON for machines; neither holds a text."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers import quality, table
from benchmarks.peers.material import HATECHECK, Texts
from benchmarks.peers.run import Outcome

from hatelens import __version__
from hatelens.evaluation.functional import Score

NAME = "peers"


@dataclass(frozen=True)
class Report:
    """All that was measured.

    Attributes:
        machine: what it was measured on.
        version: of hatelens.
        texts: how many per data set.
        absent: why a data set was not asked about.
        timed: texts whose time was taken.
        words: that these have on average.
        outcomes: one per peer.
        published: scores of published systems on HateCheck, by name.
    """

    machine: str
    version: str
    texts: Mapping[str, int]
    absent: Mapping[str, str]
    timed: int
    words: float
    outcomes: tuple[Outcome, ...]
    published: Mapping[str, Score]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], texts: Texts) -> Report:
        """Put the measurements together with what they were made on."""
        hatecheck = texts.selections.get(HATECHECK)
        return cls(
            machine=machine(),
            version=__version__,
            texts={name: len(chosen.examples) for name, chosen in texts.selections.items()},
            absent=texts.absent,
            timed=len(texts.timed),
            words=sum(len(text.split()) for text in texts.timed) / max(len(texts.timed), 1),
            outcomes=tuple(outcomes),
            published=quality.published(hatecheck) if hatecheck else {},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values, without paths of this machine."""
        values = asdict(self)
        values["outcomes"] = [
            {"peer": one.peer.name, "reason": one.reason, "note": one.peer.note}
            | {"quality": _values(one.quality), "speed": _values(one.speed)}
            for one in self.outcomes
        ]
        return values


def _values(part: Any) -> dict[str, Any] | None:
    return None if part is None else asdict(part)


def machine() -> str:
    """Say what this was measured on."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores with a load of "
        f"{os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )


def write(report: Report, out: Path) -> Path:
    """Write peers.json and peers.md, and return the path of the latter."""
    out.mkdir(parents=True, exist_ok=True)
    values = json.dumps(report.to_dict(), indent=2)
    (out / f"{NAME}.json").write_text(values + "\n", encoding="utf-8")
    path = out / f"{NAME}.md"
    path.write_text(markdown(report), encoding="utf-8")
    return path


def markdown(report: Report) -> str:
    """Word the report."""
    parts = ["# hatelens and its peers\n", _about(report)]
    if HATECHECK in report.texts:
        parts += ["## HateCheck\n", table.hatecheck(report.outcomes, report.published)]
    others = {name: count for name, count in report.texts.items() if name != HATECHECK}
    if others:
        parts += ["## Other test sets\n", table.others(report.outcomes, others)]
    parts += ["## Cost\n", table.cost(report.outcomes), *_notes(report)]
    return "\n".join(parts).rstrip() + "\n"


def _about(report: Report) -> str:
    return (
        f"hatelens {report.version}, {report.machine}. Everything was measured in one run, on the "
        f"same texts, by `python -m benchmarks.peers`; docs/evaluation/peers.md says how.\n"
    )


def _notes(report: Report) -> list[str]:
    times = (
        f"Times are of {report.timed} texts of {report.words:.0f} words on average, drawn from the "
        "sets above. In brackets: the ratio to the first hatelens.\n"
    )
    notes = [f"- {one.peer.name} {one.peer.note}." for one in report.outcomes if one.peer.note]
    missing = [
        f"- {one.peer.name} was not measured: {one.reason}" for one in report.outcomes if one.reason
    ]
    absent = [f"- {why}" for why in report.absent.values()]
    return [times, *notes, *missing, *absent]
