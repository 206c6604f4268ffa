"""Markdown tables of the measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple

from benchmarks.peers.material import DATA, SPANS
from benchmarks.peers.run import Outcome
from benchmarks.peers.speed import Speed

from hatelens.evaluation.functional import ALWAYS, Score
from hatelens.evaluation.metrics import Estimate

SCORE = {
    "overall": "accuracy",
    "macro_f1": "macro-F1",
    "macro_functions": "mean of functions",
    "hateful": "hateful",
    "non_hateful": "non-hateful",
}
POOLED = {"macro_f1": "macro-F1", "hateful_f1": "hateful F1", "auroc": "AUROC"}
COST = {
    "texts_per_second": "texts/s in batches",
    "milliseconds": "ms for one",
    "memory": "peak memory MB",
    "start": "start-up s",
    "size": "install MB",
}


def hatecheck(outcomes: Sequence[Outcome], published: Mapping[str, Score]) -> str:
    """Write scores on HateCheck: accuracies, and the macro-F1 of the two sides."""
    ours = {
        one.peer.name: one.quality.hatecheck
        for one in outcomes
        if one.quality and one.quality.hatecheck
    }
    theirs = {
        name if name == ALWAYS else f"{name} (published)": score
        for name, score in published.items()
    }
    scores = {**ours, **theirs}
    return _table(
        ["model", *SCORE.values()],
        ([name, *(_share(getattr(score, key)) for key in SCORE)] for name, score in scores.items()),
    )


def others(outcomes: Sequence[Outcome], texts: Mapping[str, int]) -> str:
    """Write the pooled question per data set, a column per model."""
    measured = [one for one in outcomes if one.quality]
    rows = [
        [f"{DATA.get(data, data)} ({count})", title, *_pooled(measured, data, key)]
        for data, count in texts.items()
        if data != SPANS
        for key, title in POOLED.items()
    ]
    if SPANS in texts:
        marks = [_figure(one.quality.spans) if one.quality else "-" for one in measured]
        rows.append([f"{DATA[SPANS]} ({texts[SPANS]})", "character F1", *marks])
    return _table(["test set (texts)", "figure", *(one.peer.name for one in measured)], rows)


def _pooled(measured: Sequence[Outcome], data: str, key: str) -> list[str]:
    return [_figure(one.quality.pooled[data][key]) if one.quality else "-" for one in measured]


def cost(outcomes: Sequence[Outcome]) -> str:
    """Write what each costs, with the ratio to the first hatelens."""
    measured = [(one.peer.name, one.speed) for one in outcomes if one.speed]
    base = next((one.speed for one in outcomes if one.peer.own and one.speed), None)
    return _table(["model", *COST.values()], ([name, *_costs(it, base)] for name, it in measured))


def _costs(speed: Speed, base: Speed | None) -> list[str]:
    if base is None:
        return [_amount(value) for value in astuple(speed)]
    pairs = zip(astuple(speed), astuple(base), strict=True)
    return [f"{_amount(value)} ({value / ours:.3g})" for value, ours in pairs]


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _figure(estimate: Estimate | None) -> str:
    """Word a figure; its interval is in the JSON."""
    return _share(estimate.value if estimate else None)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(head), "|" + "--|" * len(head), *(_row(cells) for cells in rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
