"""Functional tests (HateCheck): how often a model is right on each way of saying a thing.

Röttger et al. 2021, https://aclanthology.org/2021.acl-long.4. A text counts as found hateful from
a score of 0.5 on. A model that calls everything hateful is right on 69 % of HateCheck: read the
two sides apart.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hatelens.data import catalog
from hatelens.data.card import Card
from hatelens.data.example import Example
from hatelens.errors import DataError
from hatelens.evaluation.weighted import Bools

FUNCTION = "functionality"
"""The column of ``Example.meta`` that makes a data set a functional test."""

ALWAYS = "always hateful"
"""The baseline that needs no model."""

FILE = "baseline_predictions.csv"
"""Where the verdicts of published systems are, beside the cases."""

BASELINES = {
    "pred_BERT_davidson2017_weighted": "BERT-Davidson",
    "pred_BERT_founta2018_weighted": "BERT-Founta",
    "pred_perspective": "Perspective",
    "pred_siftninja": "SiftNinja",
}
"""The published systems by their column in ``baseline_predictions.csv``."""

Verdicts = Mapping[str, Mapping[str, bool]]
"""Per baseline: case to whether it was called hateful."""


@dataclass(frozen=True)
class Score:
    """Accuracy of one model on some cases; shares of 0-1, None where there are no such cases.

    Attributes:
        cases: how many cases.
        hateful: on the hateful ones.
        non_hateful: on the others.
        overall: on all.
        macro_f1: mean F1 of the two sides, over the sides that exist.
        macro_functions: mean of the accuracies of the functions.
    """

    cases: int
    hateful: float | None
    non_hateful: float | None
    overall: float
    macro_f1: float
    macro_functions: float


@dataclass(frozen=True)
class FunctionScore:
    """One function of the test.

    Attributes:
        function: its name, as in ``derog_impl_h``.
        expected: ``hateful`` or ``not hateful``; ``both`` where its cases differ.
        cases: how many.
        accuracy: of the model, 0-1.
        baselines: accuracy of each published system on the same cases.
    """

    function: str
    expected: str
    cases: int
    accuracy: float
    baselines: Mapping[str, float]


@dataclass(frozen=True)
class FunctionalTest:
    """A whole functional test.

    Attributes:
        functions: in the order of the data set.
        score: the model over all cases.
        targets: the model per target group, by name.
        baselines: each published system over the same cases, and ``always hateful``.
    """

    functions: tuple[FunctionScore, ...]
    score: Score
    targets: Mapping[str, Score]
    baselines: Mapping[str, Score]


def is_functional(examples: Sequence[Example]) -> bool:
    """Say whether texts are cases of a functional test."""
    return bool(examples) and all(example.meta.get(FUNCTION) for example in examples)


def functional_test(
    examples: Sequence[Example], truth: Bools, said: Bools, baselines: Verdicts | None = None
) -> FunctionalTest:
    """Score a model on a functional test.

    Args:
        examples: the cases, each with its function in ``meta``.
        truth: whether each is hateful, shape (cases,).
        said: whether the model calls it hateful, shape (cases,).
        baselines: what published systems said (see ``read_baselines``).
    """
    functions = np.array([example.meta[FUNCTION] for example in examples])
    right = {ALWAYS: np.ones(len(truth), dtype=bool), **_aligned(examples, baselines or {})}
    names = list(dict.fromkeys(functions.tolist()))
    return FunctionalTest(
        functions=tuple(_function(n, functions == n, truth, said, right) for n in names),
        score=_score(truth, said, functions),
        targets={
            target: _score(truth[rows], said[rows], functions[rows])
            for target, rows in _targets(examples).items()
        },
        baselines={name: _score(truth, answers, functions) for name, answers in right.items()},
    )


def read_baselines(path: Path) -> Verdicts:
    """Read what published systems said of each case.

    Args:
        path: a CSV file with a ``case_id`` and one column per system holding ``hateful`` or
            ``non-hateful``.

    Raises:
        DataError: a verdict is another word; the message names the line.
    """
    verdicts: dict[str, dict[str, bool]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            for column, value in row.items():
                if column == "case_id":
                    continue
                if value not in ("hateful", "non-hateful"):
                    raise DataError(
                        f"{path.name} line {line}: {column} must be hateful or non-hateful; "
                        f"found {value!r}."
                    )
                name = BASELINES.get(column, column)
                verdicts.setdefault(name, {})[row["case_id"]] = value == "hateful"
    return verdicts


def published(card: Card) -> Verdicts:
    """Return what published systems said, from the file beside the cases; empty without one."""
    folders = {located.path.parent for located in catalog.locate(card)}
    files = [folder / FILE for folder in sorted(folders) if (folder / FILE).is_file()]
    return read_baselines(files[0]) if files else {}


def case_id(example: Example) -> str:
    """Return the case's number as its authors count it."""
    return example.meta.get("case_id") or example.id.rsplit(":", maxsplit=1)[-1]


def _aligned(examples: Sequence[Example], baselines: Verdicts) -> dict[str, Bools]:
    """Return each baseline's answers in the order of the cases; one without all cases stays out."""
    cases = [case_id(example) for example in examples]
    return {
        name: np.array([verdicts[case] for case in cases])
        for name, verdicts in baselines.items()
        if all(case in verdicts for case in cases)
    }


def _targets(examples: Sequence[Example]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, example in enumerate(examples):
        for target in dict.fromkeys(example.targets):
            rows.setdefault(target, []).append(row)
    return dict(sorted(rows.items()))


def _function(
    name: str, rows: Bools, truth: Bools, said: Bools, baselines: Mapping[str, Bools]
) -> FunctionScore:
    sides = truth[rows]
    expected = "both" if sides.min() != sides.max() else ("hateful" if sides[0] else "not hateful")
    return FunctionScore(
        function=name,
        expected=expected,
        cases=int(rows.sum()),
        accuracy=float((said == truth)[rows].mean()),
        baselines={
            baseline: float((answers == truth)[rows].mean())
            for baseline, answers in baselines.items()
            if baseline != ALWAYS
        },
    )


def _score(truth: Bools, said: Bools, functions: np.ndarray) -> Score:
    right = said == truth
    sides = [side for side in (True, False) if (truth == side).any()]
    f1 = [
        2 * (right & (truth == side)).sum() / ((truth == side).sum() + (said == side).sum())
        for side in sides
    ]
    return Score(
        cases=len(truth),
        hateful=float(right[truth].mean()) if truth.any() else None,
        non_hateful=float(right[~truth].mean()) if (~truth).any() else None,
        overall=float(right.mean()),
        macro_f1=float(np.mean(f1)),
        macro_functions=float(
            np.mean([right[functions == f].mean() for f in np.unique(functions)])
        ),
    )
