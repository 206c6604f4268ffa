"""Measures how models of one data set do on others: a table of training set by test set.

    python -m benchmarks.robustness --out benchmarks/results

Each kind is trained on the training split of each data set and measured on the test split of all;
beside them stands the default detector, which has learned from the training splits of all four and
of others. The question is whether a text is hateful as its data set means it. What was trained and
measured is kept under ``--runs``, so that a run that was broken off goes on; another folder, or an
empty one, measures anew. Writes a table (Markdown, JSON) and a picture, without any text. Needs the
data (HATELENS_DATA).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from matplotlib.figure import Figure

from hatelens import detect
from hatelens.config.compose import compose
from hatelens.data import catalog
from hatelens.data.dataset import Dataset
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.maps import Maps
from hatelens.evaluation.run import evaluate
from hatelens.models import folder, manifest
from hatelens.progress import track
from hatelens.training.run import run

SETS = ("davidson2017", "stormfront", "ghc", "hatexplain")
RECIPES = {
    ("linear", "davidson2017"): ["recipe=linear_davidson"],
    ("linear", "stormfront"): ["recipe=linear_stormfront"],
    ("linear", "ghc"): ["recipe=linear_ghc"],
    ("linear", "hatexplain"): ["recipe=linear_hatexplain"],
    ("two_stage", "davidson2017"): ["recipe=two_stage_davidson"],
    ("two_stage", "stormfront"): ["recipe=two_stage_stormfront"],
    ("two_stage", "ghc"): ["recipe=two_stage", "data=ghc"],
    ("two_stage", "hatexplain"): ["recipe=two_stage_hatexplain"],
}
KINDS = ("linear", "two_stage")
DEFAULT = "default"
MANY = "all of these and others"


@dataclass(frozen=True)
class Cell:
    """One model on one test set.

    Attributes:
        model: its kind, or ``default``.
        trained: what it has learned from; empty for the default.
        test: whose test split.
        texts: of it.
        macro_f1: of hateful or not, at a score of 0.5.
        auroc: likewise, at every threshold.
    """

    model: str
    trained: str
    test: str
    texts: int
    macro_f1: Estimate
    auroc: Estimate

    @property
    def home(self) -> bool:
        """Whether the model was trained on the same set."""
        return self.trained == self.test


def main() -> None:
    """Measure, and write the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="+", default=[*KINDS, DEFAULT], choices=[*KINDS, DEFAULT])
    parser.add_argument("--sets", nargs="+", default=[*SETS], choices=SETS)
    parser.add_argument("--texts", type=count, help="training texts of a two_stage at most")
    parser.add_argument("--runs", type=Path, default=Path("runs/robustness"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--picture", type=Path, help="where to draw the table; nowhere without")
    options = parser.parse_args()
    cells = measured(options.kinds, options.sets, options.runs, options.texts)
    options.out.mkdir(parents=True, exist_ok=True)
    learned = known() if DEFAULT in options.kinds else []
    table = markdown(cells, options.sets, learned, options.texts)
    (options.out / "robustness.md").write_text(table, encoding="utf-8")
    values = {
        "machine": machine(),
        "texts": options.texts,
        "default_learned": learned,
        "cells": [asdict(cell) for cell in cells],
    }
    written = json.dumps(values, indent=2) + "\n"
    (options.out / "robustness.json").write_text(written, encoding="utf-8")
    if options.picture:
        drawn(cells, options.sets, options.picture)
    print(table)


def count(word: str) -> int:
    """Read a number of texts."""
    if not word.isdecimal() or not int(word):
        raise argparse.ArgumentTypeError(f"{word!r} is no number of texts; 1 or more is allowed.")
    return int(word)


def measured(
    kinds: Sequence[str], sets: Sequence[str], runs: Path, texts: int | None = None
) -> list[Cell]:
    """Train what is not there yet, and measure every model on every test split."""
    wanted = [(kind, name) for kind in kinds if kind != DEFAULT for name in sets]
    models = {pair: trained(*pair, runs, texts) for pair in track(wanted, "Training")}
    if DEFAULT in kinds:
        models[DEFAULT, ""] = folder.find(DEFAULT)
    pairs = [(pair, path, name) for pair, path in models.items() for name in sets]
    kept = runs / "cells"
    return [once(*pair, path, name, kept) for pair, path, name in track(pairs, "Measuring")]


def trained(kind: str, name: str, runs: Path, texts: int | None = None) -> Path:
    """Return a model folder of a kind that has learned from a data set."""
    fewer = [f"data.limit={texts}"] if texts and kind == "two_stage" else []
    out = runs / "-".join([kind, name, *([str(texts)] if fewer else [])])
    if not (out / manifest.FILE).is_file():
        run(compose([*RECIPES[kind, name], *fewer, f"out={out}", "overwrite=true"]))
    return out


def once(model: str, home: str, path: Path, name: str, kept: Path) -> Cell:
    """Return what was measured of the same model on the same texts, or measure it."""
    whole = catalog.load(name, split="test")
    file = kept / f"{manifest.read(path).model_version}-{name}-{whole.digest[:16]}.json"
    if file.is_file():
        return read(json.loads(file.read_text(encoding="utf-8")))
    cell = measure(model, home, path, whole)
    kept.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")  # a file that was broken off is no figure
    part.write_text(json.dumps(asdict(cell)), encoding="utf-8")
    part.replace(file)
    return cell


def read(values: Mapping[str, Any]) -> Cell:
    """Make a cell of what ``asdict`` made of it."""
    known: dict[str, Any] = {name: Estimate(**values[name]) for name in ("macro_f1", "auroc")}
    return Cell(**{**values, **known})


def measure(model: str, home: str, path: Path, whole: Dataset) -> Cell:
    """Measure a model on a test split."""
    maps = Maps.of(manifest.read(path))
    report = evaluate(detect.load(str(path)), whole, split="test", name=model, maps=maps)
    found = report.pooled
    return Cell(model, home, whole.name, found.rows, found["macro_f1"], found["auroc"])


def known() -> list[str]:
    """Return the data sets whose training splits the default has learned from."""
    return [one.card for one in manifest.read(folder.find(DEFAULT)).data]


def markdown(
    cells: Sequence[Cell],
    sets: Sequence[str],
    learned: Sequence[str] = (),
    texts: int | None = None,
) -> str:
    """Write the tables."""
    by_model = grouped(cells)
    head = ["model", "trained on", *sets, "at home", "elsewhere, mean", "lost"]
    parts = []
    for title, name in (("Macro-F1", "macro_f1"), ("AUROC", "auroc")):
        lines = [f"## {title}\n", "| " + " | ".join(head) + " |", "|" + "--|" * len(head)]
        for (model, home), row in by_model.items():
            shown = [bold(row[test], name) for test in sets]
            lines.append("| " + " | ".join([model, home or MANY, *shown, *lost(row, name)]) + " |")
        parts.append("\n".join(lines) + "\n")
    counts = {cell.test: cell.texts for cell in cells}
    said = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    note = (
        f"{machine()}. Hateful or not, as the data set means it; test texts: {said}. 95 % "
        "bootstrap intervals. Bold: trained on the same set. Macro-F1 at a score of 0.5."
    )
    if texts:
        note += f" Training texts of `two_stage`: at most {texts:,} of each set."
    if learned:
        note += f" The default was not trained here; it has learned from {', '.join(learned)}."
    return "\n".join([*parts, note]) + "\n"


def grouped(cells: Sequence[Cell]) -> dict[tuple[str, str], dict[str, Cell]]:
    """Return the cells of each model by test set."""
    found: dict[tuple[str, str], dict[str, Cell]] = {}
    for cell in cells:
        found.setdefault((cell.model, cell.trained), {})[cell.test] = cell
    return found


def bold(cell: Cell, name: str) -> str:
    """Word a figure."""
    figure: Estimate = getattr(cell, name)
    return f"**{figure}**" if cell.home else str(figure)


def lost(row: Mapping[str, Cell], name: str) -> list[str]:
    """Return the figure at home, the mean elsewhere, and how much less that is."""
    home = [figure(cell, name) for cell in row.values() if cell.home]
    away = [figure(cell, name) for cell in row.values() if not cell.home]
    if not home or not away:
        return ["-", "-", "-"]
    mean = sum(away) / len(away)
    return [f"{home[0]:.3f}", f"{mean:.3f}", f"{home[0] - mean:.3f}"]


def figure(cell: Cell, name: str) -> float:
    """Return the value of a figure; nan where it is undefined."""
    found: Estimate = getattr(cell, name)
    return float("nan") if found.value is None else found.value


def drawn(cells: Sequence[Cell], sets: Sequence[str], path: Path) -> None:
    """Draw the AUROC of every model on every test set."""
    by_model = grouped(cells)
    values = [[figure(row[test], "auroc") for test in sets] for row in by_model.values()]
    picture = Figure(figsize=(7, 0.5 * len(by_model) + 1.4), layout="constrained")
    axes = picture.subplots()
    image = axes.imshow(values, cmap="viridis", vmin=0.5, vmax=1.0, aspect="auto")
    axes.set_xticks(range(len(sets)), sets)
    axes.set_yticks(range(len(by_model)), [f"{kind}, {home or 'many'}" for kind, home in by_model])
    axes.set(xlabel="test set", ylabel="model, trained on", title="AUROC of hateful or not")
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            colour = "black" if value > 0.78 else "white"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour)
    picture.colorbar(image, ax=axes)
    picture.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
