"""Cross-validation: the same training on every part of the data, with mean and deviation."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from hatelens.config.schema import Recipe
from hatelens.data import splits
from hatelens.data.augment import origin
from hatelens.data.corpus import Corpus
from hatelens.evaluation.glance import glance
from hatelens.progress import track
from hatelens.training.trained import Material, Trained

Fit = Callable[[Corpus, Path], tuple[Trained, Material]]
"""Trains on a corpus in a work folder."""


def cross_validate(recipe: Recipe, corpus: Corpus, fit: Fit) -> Mapping[str, Mapping[str, float]]:
    """Train on all folds but one and measure on that one, for each fold.

    Training and validation texts are put together first; the validation texts of each training are
    those that it is measured on, so early stopping, where it is on, flatters the figures.

    Args:
        recipe: names the number of folds and the seed.
        corpus: what is learned from.
        fit: trains.

    Returns:
        Metric to ``mean``, ``deviation`` (of the sample) and the value of each fold (``fold 1``).
    """
    assert recipe.folds is not None
    whole = (*corpus.train, *corpus.validation)
    firsts = {origin(one): one for one in reversed(whole)}  # not the copies behind them
    named = [replace(one, id=name) for name, one in firsts.items()]
    made = splits.folds(named, recipe.folds, recipe.seed, recipe.data.near_duplicate)
    fold = dict(zip(firsts, made, strict=True))
    measured = []
    for number in track(range(recipe.folds), "Folds"):
        part = replace(
            corpus,
            train=tuple(one for one in whole if fold[origin(one)] != number),
            validation=tuple(one for name, one in firsts.items() if fold[name] == number),
            train_digest=f"{corpus.train_digest}-{number}",
        )
        with tempfile.TemporaryDirectory() as work:
            trained, material = fit(part, Path(work))
            logits = trained.scorer.logits(material.held_out.texts)
        measured.append(glance(logits, material.held_out_truth, corpus.labels))
        shutil.rmtree(material.resume, ignore_errors=True)  # this fold is done
    return {name: _summary([one[name] for one in measured]) for name in measured[0]}


def _summary(values: list[float]) -> Mapping[str, float]:
    return {
        "mean": statistics.mean(values),
        "deviation": statistics.stdev(values),
    } | {f"fold {number}": value for number, value in enumerate(values, start=1)}
