"""The tables of the benchmark, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.mixture.figures import ALL_TEXTS, Figures
from benchmarks.mixture.fingerprints import Fingerprint

Rows = Mapping[str, Sequence[Figures]]
"""Method to its figures per platform."""
NOTE = (
    "macro-F1 of the question whether a text is hateful as its data set means it, at 0.5, with "
    "AUROC in brackets. Every method is calibrated (bcts) on the same validation texts. "
    "`better`: macro-F1 minus that of the adapter over all data, with its 95 % paired bootstrap "
    "interval. `three-way`: macro-F1 of the labels, on data sets that know all of them. Log loss "
    "in nats; a label known in part costs the logarithm of all that it may be."
)


def within(rows: Rows) -> str:
    """Word the figures of methods that know all platforms."""
    names = [one.platform for one in next(iter(rows.values()))]
    head = ["", *names, f"better, {ALL_TEXTS}", "three-way", "log loss"]
    lines = [_line(head), _line(["--"] * len(head))]
    for method, figures in rows.items():
        whole = next(one for one in figures if one.platform == ALL_TEXTS)
        cells = [f"{one.macro_f1:.3f} ({one.auroc:.3f})" for one in figures]
        lines.append(_line([method, *cells, *_rest(whole)]))
    return "\n".join(lines)


def beyond(rows: Mapping[str, Rows]) -> str:
    """Word the figures of methods that do not know the platform they are tested on."""
    head = ["held out", "", "macro-F1 (AUROC)", "better", "three-way", "log loss"]
    lines = [_line(head), _line(["--"] * len(head))]
    for held, methods in rows.items():
        for method, (one,) in methods.items():
            lines.append(
                _line([held, method, f"{one.macro_f1:.3f} ({one.auroc:.3f})", *_rest(one)])
            )
    return "\n".join(lines)


def gates(told: Mapping[str, Mapping[str, object]]) -> str:
    """Word what gates have learned."""
    head = ["gate from", "platform accuracy", "mean weights by platform"]
    lines = [_line(head), _line(["--"] * len(head))]
    for name, facts in told.items():
        lines.append(_line([name, str(facts["platform_accuracy"]), str(facts["mean_weights"])]))
    return "\n".join(lines)


def fingerprints(found: Sequence[Fingerprint]) -> str:
    """Word how gates fare with data sets that they have never seen."""
    head = ["test texts of", "texts", "right where it was learned from", "right where it was not"]
    lines = [_line(head), _line(["--"] * len(head))]
    lines += [
        _line([one.source, str(one.rows), f"{one.known:.3f}", f"{one.unknown:.3f}"])
        for one in found
    ]
    return "\n".join(lines)


def _rest(one: Figures) -> list[str]:
    three = "" if one.three_way is None else f"{one.three_way:.3f}"
    return [
        f"{one.better:+.3f} ({one.low:+.3f} to {one.high:+.3f})",
        three,
        f"{one.log_loss:.3f}",
    ]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
