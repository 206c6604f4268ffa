"""Measures a cascade against its strong detector alone, on the same texts in the same run.

    python -m benchmarks.cascade CASCADE --data ghc --out benchmarks/results

Both label the test split in turns, ``--rounds`` times; of each the fastest round counts, which is
the one that the machine disturbed least. Writes a table (Markdown) without any text. Needs the
data (HATELENS_DATA).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.machine import machine

from hatelens.data import catalog
from hatelens.data.dataset import Dataset
from hatelens.detect import Pipeline
from hatelens.errors import ModelError
from hatelens.evaluation.weighted import Bools, auroc
from hatelens.labels import Floats
from hatelens.models import folder
from hatelens.models.cascade import Cascade
from hatelens.models.detector import Detector
from hatelens.text.cleaning import forget


@dataclass(frozen=True)
class Row:
    """One detector on one data set.

    Attributes:
        model: what it is.
        speed: texts per second, long texts in windows, cleaning included.
        area: AUROC of ``hateful``.
        flagged: share of the hateful texts that is flagged.
        alarms: share of the other texts that is flagged.
    """

    model: str
    speed: float
    area: float
    flagged: float
    alarms: float


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cascade", help="model folder of the kind cascade")
    parser.add_argument("--data", default="ghc")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=None, help="texts at most, the first ones")
    parser.add_argument("--out", type=Path, default=None, help="folder for cascade.md")
    options = parser.parse_args()
    model = folder.load(options.cascade)
    if not isinstance(model, Cascade):
        raise ModelError(f"{options.cascade} is no cascade.")
    test = catalog.load(options.data, split="test")
    table = measured(model, test, options.rounds, options.limit)
    if options.out:
        (options.out / "cascade.md").write_text(table, encoding="utf-8")
    print(table)


def measured(model: Cascade, test: Dataset, rounds: int, limit: int | None) -> str:
    """Measure the cascade, its first stage and its strong detector, and write the table."""
    examples = [one for one in test.examples if one.label is not None][:limit]
    texts = [one.text for one in examples]
    truth = np.array([test.card.labels.is_hateful(str(one.label)) for one in examples])
    first = model.stages[0]
    models = {"strong alone": model.last, "cascade": model, "first stage alone": first.detector}
    Pipeline(model).predict(texts[:64])  # what is loaded at first use
    seconds: dict[str, list[float]] = {name: [] for name in models}
    said: dict[str, Floats] = {}
    for _ in range(rounds):
        for name, detector in models.items():
            begun = time.perf_counter()
            said[name] = answers(detector, texts)
            seconds[name].append(time.perf_counter() - begun)
    rows = [
        row(name, len(texts) / min(seconds[name]), said[name], truth, model.thresholds.flag)
        for name in models
    ]
    cleared = np.mean([first.band.answers(score) for score in said["first stage alone"]])
    return markdown(rows, test.name, len(texts), float(cleared))


def answers(detector: Detector, texts: Sequence[str]) -> Floats:
    """Return the score of each text; no cleaning is remembered from an earlier round."""
    forget()
    return np.array([one.hateful for one in Pipeline(detector).stream(texts)])


def row(name: str, speed: float, score: Floats, truth: Bools, flag: float) -> Row:
    """Put the figures of one detector together."""
    area = float(auroc(np.ones((1, len(truth))), truth, score)[0])
    flagged = score >= flag
    return Row(name, speed, area, float(flagged[truth].mean()), float(flagged[~truth].mean()))


def markdown(rows: Sequence[Row], data: str, texts: int, cleared: float) -> str:
    """Write the table."""
    strong = rows[0]
    lines = [
        f"{data}, test split, {texts} texts; {cleared:.1%} answered by the first stage.",
        "",
        "| detector | texts/s | ratio | AUROC | loss | hateful flagged | others flagged |",
        "|--|--|--|--|--|--|--|",
    ]
    lines += [
        f"| {one.model} | {one.speed:,.0f} | {one.speed / strong.speed:.2f} | {one.area:.4f} "
        f"| {strong.area - one.area:.4f} | {one.flagged:.3f} | {one.alarms:.3f} |"
        for one in rows
    ]
    note = "Fastest of the rounds. Flagged: at the strong detector's threshold."
    lines += ["", f"{machine()}. {note}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
