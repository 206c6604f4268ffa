"""The picture of a migration: what each threshold on our scores would flag, and the one found."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.migration import Line, Migration, Scored, cuts
from hatelens.evaluation.pictures import COLOURS, DASHES, picture
from hatelens.evaluation.weighted import Bools, ratio, steps
from hatelens.labels import Floats

MOST = 4000
"""Texts that are drawn as dots; more would hide each other."""


@picture("migration", "What a threshold on our scores flags, beside what they flagged")
def thresholds(axes: Axes, scored: Scored, migration: Migration) -> None:
    """Draw share and precision for each threshold; bands are the intervals of those found."""
    places = cuts(scored.ours)
    share, precision = _curves(scored)
    axes.plot(places, share, DASHES[0], color=COLOURS[0], label="share flagged")
    _level(axes, migration.flag.share_theirs, COLOURS[0], "theirs")
    if scored.truth is not None:
        axes.plot(places, precision, DASHES[1], color=COLOURS[1], label="precision")
        _level(axes, migration.flag.precision_theirs, COLOURS[1], "their precision")
    for name, line, colour in (("flag", migration.flag, 2), ("clear", migration.clear, 3)):
        if line is not None:
            _mark(axes, name, line, COLOURS[colour])
    axes.set(xlabel=f"threshold on {migration.score}", ylabel="share", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, fontsize=8)


@picture("sides", "Each text by their score and ours, and who flags it")
def sides(axes: Axes, theirs: Floats, scored: Scored, migration: Migration, seed: int = 0) -> None:
    """Draw a dot per text (a seeded sample of many), coloured by who flags it."""
    generator = np.random.default_rng(seed)
    count = len(theirs)
    chosen = np.sort(generator.permutation(count)[:MOST])
    ours = scored.ours >= migration.thresholds[0]
    for number, (name, part) in enumerate(_parts(ours, scored.flagged).items()):
        some = chosen[part[chosen]]
        axes.plot(
            theirs[some], scored.ours[some], "osDx"[number], markersize=3, alpha=0.6,
            color=COLOURS[number], label=f"{name} ({int(part.sum())})",
        )  # fmt: skip
    axes.axhline(migration.thresholds[0], color="black", linestyle=":", linewidth=0.8)
    if migration.their_threshold is not None:
        axes.axvline(migration.their_threshold, color="black", linestyle=":", linewidth=0.8)
    axes.set(xlabel="their score", ylabel=f"our score ({migration.score})", ylim=(-0.02, 1.02))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, fontsize=8)


def _curves(scored: Scored) -> tuple[Floats, Floats]:
    """Return share and precision at each cut, from the highest down."""
    truth = scored.flagged if scored.truth is None else scored.truth
    down = steps(np.ones((1, len(truth))), truth, scored.ours)
    flagged = down.hits[0] + down.alarms[0]
    return flagged / len(truth), ratio(down.hits[0], flagged)


def _parts(ours: Bools, theirs: Bools) -> dict[str, Bools]:
    return {
        "both clear": ~ours & ~theirs,
        "both flag": ours & theirs,
        "only we flag": ours & ~theirs,
        "only they flagged": ~ours & theirs,
    }


def _level(axes: Axes, value: Estimate, colour: str, name: str) -> None:
    if value.value is not None:
        axes.axhline(value.value, color=colour, linestyle=":", linewidth=0.9, label=name)


def _mark(axes: Axes, name: str, line: Line, colour: str) -> None:
    found = line.threshold
    if found.value is None:
        return
    axes.axvline(found.value, color=colour, label=f"{name}: {found.value:.3f}")
    if found.low is not None and found.high is not None:
        axes.axvspan(found.low, found.high, color=colour, alpha=0.15, linewidth=0)
