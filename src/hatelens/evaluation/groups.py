"""Any figure per group of people or texts, and the largest gap between two groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hatelens.data.example import Example
from hatelens.errors import DataError, unknown
from hatelens.evaluation import weighted
from hatelens.evaluation.weighted import Bools
from hatelens.labels import Floats

Metric = Callable[[Bools, Floats], Floats]
"""From (truth (n,), hateful score (n,)) to a figure of shape (1,); nan where it is undefined."""

MINIMUM = 30
"""Texts that a group needs to be listed."""

TARGET = "target"
"""The column that stands for ``Example.targets``; a text counts for each of its targets."""


def _over(part: Callable[[Bools, Bools], Bools], whole: Callable[[Bools, Bools], Bools]) -> Metric:
    def metric(truth: Bools, hateful: Floats) -> Floats:
        said = hateful >= 0.5
        return weighted.share(np.ones((1, len(truth))), part(truth, said), whole(truth, said))

    return metric


def _auroc(truth: Bools, hateful: Floats) -> Floats:
    return weighted.auroc(np.ones((1, len(truth))), truth, hateful)


METRICS: Mapping[str, Metric] = {
    "accuracy": _over(lambda truth, said: truth == said, lambda truth, _: truth | ~truth),
    "fpr": _over(lambda _, said: said, lambda truth, _: ~truth),
    "fnr": _over(lambda _, said: ~said, lambda truth, _: truth),
    "auroc": _auroc,
}
"""The figures of a report: hateful means a score of 0.5 or more."""


@dataclass(frozen=True)
class GroupScores:
    """One group's figures.

    Attributes:
        group: its name.
        rows: texts in it.
        values: figure per metric; None where it is undefined in the group.
    """

    group: str
    rows: int
    values: Mapping[str, float | None]


@dataclass(frozen=True)
class GroupTable:
    """The figures of every group of a column.

    Attributes:
        column: ``target`` or a column of ``Example.meta``.
        minimum: texts that a group needs to be listed.
        groups: the groups with enough texts, by name.
        too_small: texts per group with too few.
        gaps: largest difference between two listed groups per metric; None with fewer than two.
    """

    column: str
    minimum: int
    groups: tuple[GroupScores, ...]
    too_small: Mapping[str, int]
    gaps: Mapping[str, float | None]


def by_group(
    examples: Sequence[Example],
    truth: Bools,
    hateful: Floats,
    *,
    column: str = TARGET,
    metrics: Mapping[str, Metric] = METRICS,
    minimum: int = MINIMUM,
) -> GroupTable:
    """Work out figures per group.

    Args:
        examples: the texts; their targets or a column of their meta names the groups.
        truth: whether each text is hateful, shape (texts,).
        hateful: score of each text, shape (texts,).
        column: ``target`` or a column of ``Example.meta``.
        metrics: name to function; any function of truth and score will do.
        minimum: texts that a group needs to be listed.

    Raises:
        DataError: no text has such a column.
    """
    rows = _rows(examples, column)
    listed = sorted(group for group, found in rows.items() if len(found) >= minimum)
    groups = tuple(_scores(g, np.array(rows[g]), truth, hateful, metrics) for g in listed)
    too_small = {g: len(found) for g, found in sorted(rows.items()) if len(found) < minimum}
    gaps = {name: _gap([group.values[name] for group in groups]) for name in metrics}
    return GroupTable(column, minimum, groups, too_small, gaps)


def columns(examples: Sequence[Example]) -> list[str]:
    """Return the columns that can name groups."""
    found = {name for example in examples for name in example.meta}
    return sorted(found | ({TARGET} if any(example.targets for example in examples) else set()))


def _rows(examples: Sequence[Example], column: str) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, example in enumerate(examples):
        names = example.targets if column == TARGET else (example.meta.get(column, ""),)
        for name in dict.fromkeys(names):
            if name:
                rows.setdefault(name, []).append(row)
    if not rows:
        raise DataError(unknown("column for groups", column, columns(examples)))
    return rows


def _scores(
    group: str, rows: np.ndarray, truth: Bools, hateful: Floats, metrics: Mapping[str, Metric]
) -> GroupScores:
    figures = {name: float(m(truth[rows], hateful[rows])[0]) for name, m in metrics.items()}
    values = {name: None if np.isnan(figure) else figure for name, figure in figures.items()}
    return GroupScores(group, len(rows), values)


def _gap(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known) - min(known) if len(known) > 1 else None
