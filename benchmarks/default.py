"""Measures the default detector on every test that its issue names, beside what it is held against.

    python -m benchmarks.default [--model default] [--out benchmarks/results]

Writes a table (Markdown, JSON) without any text; the reports go to ``--reports``. Needs the data
(HATELENS_DATA). HateCheck runs are logged by hand in docs/evaluation/hatecheck-log.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from hatelens import detect
from hatelens.data import catalog
from hatelens.evaluation import pooled, report
from hatelens.evaluation.maps import Maps
from hatelens.evaluation.metrics import Estimate, Metrics
from hatelens.evaluation.report import Report
from hatelens.evaluation.run import evaluate
from hatelens.models import folder, manifest

SETS = (
    "hatexplain",
    "davidson2017",
    "ghc",
    "stormfront",
    "edos",
    "cad",
    "mhs_partial",
    "hatemoji_build",
    "sbic",
    "jigsaw_wiki",
    "toxic_spans",
)
"""Test splits; their texts together are what calibration is measured on."""
UNSEEN = ("functions_en", "hatecheck", "madlibs")
"""Tests of which nothing was ever trained on."""

Reports = Mapping[str, Report]
Figure = Callable[[Reports], Estimate]


@dataclass(frozen=True)
class Goal:
    """A figure and what it is held against.

    Attributes:
        name: as in the table.
        figure: finds it in the reports.
        least: what it should reach.
        stretch: what would be fine.
    """

    name: str
    figure: Figure
    least: float
    stretch: float


@dataclass(frozen=True)
class Row:
    """A measured figure; ``low`` and ``high`` bound its 95 % interval."""

    name: str
    value: float
    low: float | None
    high: float | None
    least: float
    stretch: float


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=folder.DEFAULT)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--reports", type=Path, default=Path("runs/default-reports"))
    parser.add_argument("--data", nargs="+", default=[*SETS, *UNSEEN])
    options = parser.parse_args()
    reports = {name: measured(options.model, name, options.reports) for name in options.data}
    rows = [row(goal, reports) for goal in GOALS if known(goal, reports)]
    both = pooled.pool([reports[name] for name in SETS if name in reports])
    pooled.write(both, options.reports)
    rows.append(Row("ECE of `hateful`, test splits pooled", *spread(both.ece), 0.05, 0.03))
    options.out.mkdir(parents=True, exist_ok=True)
    table = markdown(rows, reports, both)
    (options.out / "default.md").write_text(table, encoding="utf-8")
    values = {"model_version": both.model_version, "rows": [asdict(one) for one in rows]}
    text = json.dumps(values, indent=2) + "\n"
    (options.out / "default.json").write_text(text, encoding="utf-8")
    print(table)


def measured(model: str, name: str, out: Path) -> Report:
    """Measure the model on one test and write the report."""
    split = "all" if catalog.card(name).test_only else "test"
    made = evaluate(
        detect.load(model),
        catalog.load(name, None if split == "all" else split),
        split=split,
        progress=True,
        name=model,
        groups=["identity"] if name == "madlibs" else None,
        maps=Maps.of(manifest.read(folder.find(model))),
    )
    report.write(made, out / name)
    return made


def known(goal: Goal, reports: Reports) -> bool:
    """Say whether a goal's data was measured."""
    try:
        goal.figure(reports)
    except KeyError:
        return False
    return True


def row(goal: Goal, reports: Reports) -> Row:
    """Find a goal's figure."""
    return Row(goal.name, *spread(goal.figure(reports)), goal.least, goal.stretch)


def spread(estimate: Estimate) -> tuple[float, float | None, float | None]:
    """Return a figure with its interval."""
    assert estimate.value is not None
    return estimate.value, estimate.low, estimate.high


def classes(reports: Reports, name: str) -> Metrics:
    """Return the figures in the model's own classes."""
    found = reports[name].classes
    assert found is not None, f"{name} was not measured in the model's classes"
    return found


def class_f1(metrics: Metrics, label: str) -> Estimate:
    """Return the F1 of one class."""
    return next(one.f1 for one in metrics.classes if one.label == label)


def hatecheck(reports: Reports, part: str) -> Estimate:
    """Return a share of the functional test."""
    functional = reports["hatecheck"].functional
    assert functional is not None
    return Estimate(getattr(functional.score, part))


def marked(reports: Reports) -> Estimate:
    """Return the character F1 of the marked words."""
    found = reports["toxic_spans"].spans
    assert found is not None
    return found.f1


GOALS = (
    Goal("HateCheck accuracy", lambda r: hatecheck(r, "overall"), 0.766, 0.82),
    Goal("HateCheck macro-F1", lambda r: hatecheck(r, "macro_f1"), 0.702, 0.78),
    Goal("HateCheck non-hateful accuracy", lambda r: hatecheck(r, "non_hateful"), 0.55, 0.70),
    Goal("HateXplain macro-F1", lambda r: classes(r, "hatexplain")["macro_f1"], 0.66, 0.687),
    Goal("HateXplain AUROC", lambda r: classes(r, "hatexplain")["auroc"], 0.83, 0.851),
    Goal("Davidson macro-F1", lambda r: classes(r, "davidson2017")["macro_f1"], 0.74, 0.78),
    Goal("Davidson hate-F1", lambda r: class_f1(classes(r, "davidson2017"), "hateful"), 0.45, 0.52),
    Goal("Gab hate-F1", lambda r: class_f1(r["ghc"].pooled, "hateful"), 0.50, 0.58),
    Goal("Stormfront accuracy", lambda r: r["stormfront"].pooled["accuracy"], 0.80, 0.85),
    Goal("toxic spans character F1", marked, 0.60, 0.68),
)


def markdown(rows: list[Row], reports: Reports, both: pooled.Pooled) -> str:
    """Write the table."""
    lines = ["| | measured | 95 % interval | at least | stretch |", "|--|--|--|--|--|"]
    for one in rows:
        interval = "" if one.low is None else f"{one.low:.3f} to {one.high:.3f}"
        lines.append(
            f"| {one.name} | {one.value:.3f} | {interval} | {one.least:g} | {one.stretch:g} |"
        )
    lines += ["", "| test | texts | macro-F1 | AUROC | ECE |", "|--|--|--|--|--|"]
    for name, found in reports.items():
        figures = [str(found.pooled[each]) for each in ("macro_f1", "auroc", "ece")]
        lines.append(f"| {name} | {found.rows} | " + " | ".join(figures) + " |")
    note = (
        f"Model version `{both.model_version}`. The second table asks the pooled question: hateful "
        "or not, as each data set means it, at a score of 0.5.\n"
    )
    return "\n".join(lines) + "\n\n" + note


if __name__ == "__main__":
    main()
