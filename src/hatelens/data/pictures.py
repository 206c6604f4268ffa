"""Pictures of a data set: its classes, the lengths of its texts, and how far people agreed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hatelens.data.dataset import Dataset
from hatelens.errors import require

BLUE, ORANGE = "#3b6ea5", "#d9822b"
MOST = 20
"""Labels that are shown at most."""

Axes = Any  # matplotlib is an extra


def draw(data: Dataset, out: Path) -> tuple[Path, ...]:
    """Draw a data set's pictures as PNG files. They show figures, no texts.

    Args:
        data: the data set.
        out: folder to write into; made if it is not there.

    Returns:
        The files: ``classes.png``, ``lengths.png``, and ``agreement.png`` where votes are known.
    """
    out.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, Callable[[Axes, Dataset], None]] = {
        "classes": _classes,
        "lengths": _lengths,
    }
    if any(one.votes for one in data.examples):
        pictures["agreement"] = _agreement
    return tuple(_save(out / f"{name}.png", data, plot) for name, plot in pictures.items())


def _save(path: Path, data: Dataset, plot: Callable[[Axes, Dataset], None]) -> Path:
    figures = require("matplotlib.figure", "evaluate")
    figure = figures.Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    plot(axes, data)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    return path


def _classes(axes: Axes, data: Dataset) -> None:
    counts = Counter(one.label for one in data.examples)
    labels = data.card.labels
    shown = sorted(labels.names, key=lambda name: -counts[name])[:MOST][::-1]
    colours = [ORANGE if labels.is_hateful(name) else BLUE for name in shown]
    bars = axes.barh(range(len(shown)), [counts[name] for name in shown], color=colours)
    axes.set_yticks(range(len(shown)), [_plain(name) for name in shown])
    axes.bar_label(bars, [f"{counts[name]:,}" for name in shown], padding=3)
    axes.set_xlabel("texts (orange: counts as hateful)")
    axes.set_title(f"{_plain(data.name)}: {len(data):,} texts by label")


def _plain(name: str) -> str:
    """Shorten a name that a file brought along, and keep it from being read as a formula."""
    return name[-40:].replace("$", r"\$")


def _lengths(axes: Axes, data: Dataset) -> None:
    lengths = np.array([max(len(one.text), 1) for one in data.examples] or [1])
    edges = np.unique(np.geomspace(1, lengths.max() + 1, 50).round())
    axes.hist(lengths, bins=edges, color=BLUE)
    axes.axvline(float(np.median(lengths)), color=ORANGE, label=f"median {np.median(lengths):,.0f}")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("characters")
    axes.set_ylabel("texts")
    axes.legend(frameon=False)
    axes.set_title(f"{_plain(data.name)}: length of texts")


def _agreement(axes: Axes, data: Dataset) -> None:
    shares = [max(one.votes) for one in data.examples if one.votes]
    axes.hist(shares, bins=np.linspace(0, 1, 21).tolist(), color=BLUE)
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("share of votes for the most chosen label")
    axes.set_ylabel("texts")
    whole = sum(share >= 1 for share in shares) / len(shares)
    axes.set_title(f"{_plain(data.name)}: of one mind on {whole:.0%} of {len(shares):,} texts")
