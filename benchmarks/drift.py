"""Measures how soon drift is noticed, and how often it is seen where there is none.

    python -m benchmarks.drift --out benchmarks/results

A ``linear`` model is trained on Davidson's training split, and its reference is of the validation
split. Traffic is drawn, with replacement, from Davidson's test split, and turns into the test split
of another data set, or does not turn: neither the model nor the reference has seen either. Each
text is scored once. Writes a table (Markdown, JSON) without any text. Needs the data
(HATELENS_DATA).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from benchmarks.machine import machine

from hatelens import detect
from hatelens.config.compose import compose
from hatelens.data import catalog
from hatelens.models import folder
from hatelens.monitoring import drift
from hatelens.monitoring.drift import Alarm, Observation, Watch
from hatelens.monitoring.reference import Reference
from hatelens.progress import track
from hatelens.training.run import run

RECIPE, HOME = "linear_davidson", "davidson2017"
AWAY = ("stormfront", "ghc", "hatexplain")
RUNS = 20
BEFORE = 2000
"""Texts of unchanged traffic before the turn."""
AFTER = 500
"""Texts within which the turn is to be noticed."""
UNCHANGED = 10_000


@dataclass(frozen=True)
class Row:
    """What was noticed of one kind of traffic.

    Attributes:
        traffic: from where to where.
        runs: number of runs.
        caught: in which the turn raised an alarm within 500 texts.
        delays: texts after the turn until the first alarm; median and the largest of those caught.
        early: alarms before the turn, or without one, over all runs.
        texts: without a turn that were looked at, over all runs.
        signals: what raised the first alarm after the turn, and how often.
    """

    traffic: str
    runs: int
    caught: int
    delays: tuple[int, int] | None
    early: int
    texts: int
    signals: dict[str, int]


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", nargs="+", default=list(AWAY))
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--unchanged", type=int, default=UNCHANGED)
    parser.add_argument("--model", type=Path, default=Path("runs/benchmark/drift"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    if not (options.model / "manifest.json").is_file():
        run(compose([f"recipe={RECIPE}", f"out={options.model}"]))
    reference = Reference.from_dict(folder.read(options.model).reference)
    home = observed(options.model, reference, HOME)
    rows = [unchanged(reference, home, options.runs, options.unchanged, options.seed)]
    for name in options.to:
        away = observed(options.model, reference, name)
        rows.append(turned(reference, (home, away), name, options.runs, options.seed))
    table = markdown(rows, reference)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "drift.md").write_text(table, encoding="utf-8")
    values = {"machine": machine(), "rows": [asdict(row) for row in rows]}
    (options.out / "drift.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    print(table)


def observed(model: Path, reference: Reference, name: str) -> list[Observation]:
    """Measure the test split of a data set once."""
    texts = [one.text for one in catalog.load(name, split="test").examples]
    found = detect.load(str(model)).predict(texts)
    pairs = zip(texts, found, strict=True)
    return [drift.observe(text, one, reference) for text, one in pairs]


def unchanged(
    reference: Reference, home: Sequence[Observation], runs: int, texts: int, seed: int
) -> Row:
    """Watch traffic that stays what it is."""
    alarms: list[Alarm] = []
    for number in track(range(runs), "unchanged"):
        draw = np.random.default_rng([seed, number])
        alarms += watched(Watch(reference), drawn(home, texts, draw), 0)
    signals = Counter(f"{one.signal} ({one.method})" for one in alarms)
    return Row(f"{HOME}, unchanged", runs, 0, None, len(alarms), runs * texts, dict(signals))


def turned(
    reference: Reference,
    sides: tuple[Sequence[Observation], Sequence[Observation]],
    name: str,
    runs: int,
    seed: int,
) -> Row:
    """Watch traffic that turns into that of another place."""
    early = 0
    delays: list[int] = []
    home, away = sides
    signals: Counter[str] = Counter()
    for number in track(range(runs), name):
        draw = np.random.default_rng([seed, 1, number])
        watch = Watch(reference)
        early += len(watched(watch, drawn(home, BEFORE, draw), 0))
        alarms = watched(watch, drawn(away, AFTER, draw), 1)
        if alarms:
            delays.append(alarms[0].time)
            signals[f"{alarms[0].signal} ({alarms[0].method})"] += 1
    found = (int(np.median(delays)), max(delays)) if delays else None
    traffic = f"{HOME} to {name}"
    return Row(traffic, runs, len(delays), found, early, runs * BEFORE, dict(signals))


def drawn(texts: Sequence[Observation], count: int, draw: np.random.Generator) -> list[Observation]:
    """Draw traffic, with replacement."""
    return [texts[row] for row in draw.integers(0, len(texts), count)]


def watched(watch: Watch, traffic: Sequence[Observation], first: int) -> list[Alarm]:
    """Return the alarms; the time of each is the number of its text, from the first one's on."""
    numbered = enumerate(traffic, first)
    return [alarm for number, one in numbered for alarm in watch.add(one, time=number)]


def markdown(rows: Sequence[Row], reference: Reference) -> str:
    """Write the table."""
    head = [
        "traffic", "runs", f"caught within {AFTER} texts", "texts until the alarm, median (most)",
        "alarms without a turn", "in texts", "what raised the alarm",
    ]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|" + "--|" * len(head)]
    for row in rows:
        delays = f"{row.delays[0]} ({row.delays[1]})" if row.delays else "-"
        caught = f"{row.caught} of {row.runs}" if row.delays or "to" in row.traffic else "-"
        signals = ", ".join(f"{name} {count}" for name, count in row.signals.items()) or "-"
        cells = [row.traffic, row.runs, caught, delays, row.early, f"{row.texts:,}", signals]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    limits = ", ".join(f"{name} {one.limit:.2f}" for name, one in reference.histograms.items())
    note = (
        f"{machine()}. A `linear` model of Davidson's training split; its reference is of "
        f"{reference.texts:,} validation texts, the traffic is drawn from test splits. Before a "
        f"turn come {BEFORE:,} texts. Window: {reference.window} texts; limits of the PSI, found "
        f"by resampling the reference: {limits}."
    )
    return "\n".join(lines) + "\n\n" + note + "\n"


if __name__ == "__main__":
    main()
