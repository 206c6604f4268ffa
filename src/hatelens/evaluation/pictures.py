"""Pictures of a report, as PNG bytes: for colour-blind eyes too, and without a display."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hatelens.evaluation.caption import caption
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.functional import FunctionScore
from hatelens.evaluation.heads import HeadScores
from hatelens.evaluation.weighted import BINS, Bools, Steps, bins_of, steps
from hatelens.labels import Floats

P = ParamSpec("P")

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette: told apart by colour-blind readers."""

DASHES = ("-", "--", "-.", ":")
"""So that curves can be told apart in print without colours."""

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "text.parse_math": False,  # a label such as $x$ is a label
}


@dataclass(frozen=True)
class Picture:
    """A picture of a report.

    Attributes:
        name: of its file, without the suffix.
        title: what it shows, in words for those who do not see it.
        png: its bytes.
    """

    name: str
    title: str
    png: bytes


@dataclass(frozen=True)
class Curve:
    """What a ranking curve is drawn from.

    Attributes:
        name: of the class.
        positive: whether each text is of the class, shape (texts,).
        score: of each text for the class, shape (texts,).
    """

    name: str
    positive: Bools
    score: Floats

    @property
    def both(self) -> bool:
        """Whether there are texts of the class and others; else there is nothing to rank."""
        return bool(self.positive.any()) and not bool(self.positive.all())

    def steps(self) -> Steps:
        """Return hits and false alarms from the highest score down, shape (1, scores)."""
        return steps(np.ones((1, len(self.score))), self.positive, self.score)


def picture(
    name: str, title: str, width: float = 5.6, height: float = 4.4
) -> Callable[[Callable[Concatenate[Axes, P], None]], Callable[P, Picture]]:
    """Make a function that draws on axes one that returns a picture."""

    def wrap(draw: Callable[Concatenate[Axes, P], None]) -> Callable[P, Picture]:
        @wraps(draw)
        def drawn(*args: P.args, **kwargs: P.kwargs) -> Picture:
            with mpl.rc_context(STYLE):
                figure = Figure(figsize=(width, height), layout="constrained")
                draw(figure.add_subplot(), *args, **kwargs)
                file = io.BytesIO()
                figure.savefig(file, format="png", dpi=130, metadata={"Software": None})
            return Picture(name, title, file.getvalue())

        return drawn

    return wrap


@picture("confusion", "Confusion matrix: share of each true class per predicted class")
def confusion(axes: Axes, names: Sequence[str], counts: Sequence[Sequence[int]]) -> None:
    """Draw counts as a matrix, coloured by the share of their true class."""
    matrix = np.array(counts, dtype=np.float64)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1.0)
    axes.imshow(shares, cmap="cividis", vmin=0.0, vmax=1.0)
    for (row, column), share in np.ndenumerate(shares):
        colour = "black" if share > 0.55 else "white"
        words = f"{int(matrix[row, column])}\n{share:.0%}"
        axes.text(column, row, words, ha="center", va="center", color=colour)
    labels = [caption(name, 24) for name in names]
    axes.set_xticks(range(len(labels)), labels, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(labels)), labels)
    axes.set(xlabel="predicted", ylabel="truth")
    axes.grid(visible=False)


@picture("precision_recall", "Precision against recall")
def precision_recall(axes: Axes, curves: Sequence[Curve]) -> None:
    """Draw a curve per class; a dotted line is what chance gives."""
    for number, curve in enumerate(curves):
        down = curve.steps()
        precision = down.hits[0] / (down.hits[0] + down.alarms[0])
        recall = down.hits[0] / down.hits[0, -1]
        colour, dash = _pen(number)
        axes.plot(
            np.append(0.0, recall), np.append(precision[0], precision), dash,
            drawstyle="steps-pre", color=colour, label=caption(curve.name, 24),
        )  # fmt: skip
        axes.axhline(float(curve.positive.mean()), color=colour, linestyle=":", linewidth=0.8)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    _legend_below(axes)


@picture("roc", "ROC curve: recall against false positive rate")
def roc(axes: Axes, curves: Sequence[Curve]) -> None:
    """Draw a curve per class; the dotted line is what chance gives."""
    for number, curve in enumerate(curves):
        down = curve.steps()
        alarms = np.append(0.0, down.alarms[0] / down.alarms[0, -1])
        hits = np.append(0.0, down.hits[0] / down.hits[0, -1])
        colour, dash = _pen(number)
        axes.plot(alarms, hits, dash, color=colour, label=caption(curve.name, 24))
    axes.plot([0, 1], [0, 1], ":", color="grey", linewidth=0.8)
    axes.set(xlabel="false positive rate", ylabel="recall", xlim=(0, 1), ylim=(0, 1.02))
    _legend_below(axes)


@picture("reliability", "Reliability: share of texts that are hateful per score")
def reliability(axes: Axes, truth: Bools, hateful: Floats) -> None:
    """Draw the share of hateful texts per bin of the score; bars hold each bin's share of texts."""
    bins = bins_of(hateful)
    counts = np.bincount(bins, minlength=BINS)
    filled = counts > 0
    scores = np.bincount(bins, hateful, BINS)[filled] / counts[filled]
    shares = np.bincount(bins, truth.astype(np.float64), BINS)[filled] / counts[filled]
    centres = (np.arange(BINS) + 0.5) / BINS
    axes.bar(
        centres, counts / counts.sum(), 0.9 / BINS, color="#BBBBBB", label="share of the texts"
    )
    axes.plot([0, 1], [0, 1], ":", color="grey", label="perfectly calibrated")
    axes.plot(scores, shares, "o-", color=COLOURS[0], label="share that is hateful")
    axes.set(xlabel="score (hateful)", ylabel="share", xlim=(0, 1), ylim=(0, 1.02))
    _legend_below(axes)


@picture("functions", "Accuracy per function of the functional test", width=7.5, height=8.5)
def functions(axes: Axes, rows: Sequence[FunctionScore]) -> None:
    """Draw a bar per function, with a mark for each published system."""
    places = np.arange(len(rows))[::-1]
    for expected, colour in (("hateful", COLOURS[1]), ("not hateful", COLOURS[0])):
        chosen = [
            i
            for i, row in enumerate(rows)
            if (row.expected == "hateful") == (expected == "hateful")
        ]
        axes.barh(
            places[chosen], [rows[i].accuracy for i in chosen], 0.7, color=colour, alpha=0.75,
            label=f"this model, {expected}",
        )  # fmt: skip
    names = list(rows[0].baselines)
    for marker, name in zip("|x+d" * (1 + len(names) // 4), names, strict=False):
        axes.plot(
            [row.baselines[name] for row in rows],
            places,
            marker,
            color="black",
            label=caption(name),
        )
    axes.set_yticks(places, [f"{caption(row.function, 30)} ({row.cases})" for row in rows])
    axes.set(xlabel="accuracy", xlim=(0, 1.02), ylim=(-0.7, len(rows) - 0.3))
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.05), ncols=3, fontsize=8)


@picture("comparison", "Figures of the models side by side with 95 % intervals", 8.0, 4.8)
def comparison(
    axes: Axes, models: Sequence[str], figures: Sequence[Mapping[str, Estimate]]
) -> None:
    """Draw a point with its interval per model and figure."""
    metrics = list(figures[0])
    height = 0.8 / len(models)
    for number, (model, values) in enumerate(zip(models, figures, strict=True)):
        known = [(i, values[m]) for i, m in enumerate(metrics) if values[m].value is not None]
        exact, errors = _with_errors([estimate for _, estimate in known])
        places = np.array([-i - (number - (len(models) - 1) / 2) * height for i, _ in known])
        axes.errorbar(
            exact, places, xerr=errors, fmt="osD^v"[number % 5], capsize=3,
            color=COLOURS[number % len(COLOURS)], label=caption(model, 40),
        )  # fmt: skip
    axes.set_yticks(-np.arange(len(metrics)), metrics)
    axes.set(xlabel="value", xlim=(0, 1.02))
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.12), ncols=2, fontsize=8)


@picture("heads", "F1 of attributes and targets at their thresholds", width=6.5, height=5.5)
def heads(axes: Axes, measured: Sequence[HeadScores]) -> None:
    """Draw a point with its interval per output of the further heads."""
    first = 0
    ticks: list[str] = []
    for number, head in enumerate(measured):
        values = [output.f1 for output in head.outputs]
        exact, errors = _with_errors(values)
        places = -np.arange(first, first + len(values))
        axes.errorbar(
            exact, places, xerr=errors, fmt="osD^v"[number % 5], capsize=3,
            color=COLOURS[number % len(COLOURS)], label=head.kind,
        )  # fmt: skip
        ticks += [f"{caption(one.name, 24)} ({one.positives})" for one in head.outputs]
        first += len(values)
    axes.set_yticks(-np.arange(len(ticks)), ticks)
    axes.set(xlabel="F1", xlim=(0, 1.02))
    _legend_below(axes)


def _with_errors(values: Sequence[Estimate]) -> tuple[Floats, Floats]:
    """Return known figures and how far their intervals reach down and up."""
    exact = np.array([e.value for e in values], dtype=np.float64)
    low = np.array([e.value if e.low is None else e.low for e in values], dtype=np.float64)
    high = np.array([e.value if e.high is None else e.high for e in values], dtype=np.float64)
    return exact, np.maximum(np.stack([exact - low, high - exact]), 0.0)


def _pen(number: int) -> tuple[str, str]:
    return COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]


def _legend_below(axes: Axes) -> None:
    """Put the legend where it hides no curve."""
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, fontsize=8)
