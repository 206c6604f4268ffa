"""One training run: data, training, calibration, thresholds, report, folder."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hatelens import __version__
from hatelens.config import compose
from hatelens.config.schema import Recipe, ThresholdSettings
from hatelens.data import corpus as corpora
from hatelens.data.corpus import Corpus
from hatelens.errors import ConfigError, ModelError
from hatelens.evaluation.calibration import fit_calibration, fit_thresholds
from hatelens.evaluation.weighted import Bools
from hatelens.labels import Floats, LabelSet
from hatelens.models import folder
from hatelens.models.classifier import Classifier
from hatelens.models.decision import Thresholds
from hatelens.models.manifest import Manifest, Source
from hatelens.registry import Registry
from hatelens.training import papers
from hatelens.training.trained import Material, Trained, material

TRAINERS = Registry(
    "kind of model to train",
    {
        "linear": "hatelens.training.linear:train",
        "two_stage": "hatelens.training.two_stage:train",
    },
    ConfigError,
)
FEW = 500
"""Validation texts below which thresholds may hold badly elsewhere."""


def run(recipe: Recipe) -> Path:
    """Train a model and write its folder.

    Returns:
        The folder: weights, tokenizer, ``manifest.json``, ``config.yaml``, ``report/`` and
        ``MODEL_CARD.md``. It appears only when all went well.

    Raises:
        DataError: the data is missing or not fit to learn from.
        ModelError: the base model is not at hand, or the folder exists already.
    """
    train = TRAINERS.load(recipe.model.kind)
    target = Path(recipe.out or f"runs/{recipe.name}-{_now()}")
    with folder.writing(target, overwrite=recipe.overwrite) as work:
        corpus = corpora.assemble(recipe.data, recipe.seed)
        begun = time.perf_counter()
        prepared = material(corpus, recipe.model.cleaning, work, soft=recipe.data.soft_labels)
        trained: Trained = train(recipe.model, recipe.training, prepared, recipe.seed)
        manifest = _manifest(recipe, corpus, trained, work, time.perf_counter() - begun)
        manifest = _fitted(manifest, recipe, trained, prepared)
        (work / folder.CONFIG).write_text(compose.render(recipe), encoding="utf-8")
        folder.write_manifest(work, manifest)
        papers.write(work, Classifier(trained.scorer, manifest), corpus)
    return target


def _fitted(manifest: Manifest, recipe: Recipe, trained: Trained, prepared: Material) -> Manifest:
    """Fit calibration and thresholds on the labels of the validation texts.

    On the labels, not on the votes: a probability says how often the label is right, which is what
    a report measures.
    """
    logits = trained.scorer.logits(prepared.held_out)
    truth = np.eye(len(manifest.labels))[prepared.held_out_labels]
    calibration = fit_calibration(logits, truth, method=recipe.calibration.method, seed=recipe.seed)
    hateful = manifest.labels.hateful_probability(calibration.apply(logits))
    thresholds = _thresholds(
        hateful, _hateful(prepared.held_out_labels, manifest.labels), recipe.thresholds
    )
    return replace(manifest, calibration=calibration, thresholds=thresholds)


def _thresholds(hateful: Floats, truth: Bools, settings: ThresholdSettings) -> Thresholds:
    """Fit thresholds; where none reaches the target, say so and keep 0.5: training is not lost."""
    if len(truth) < FEW:
        sys.stderr.write(
            f"hatelens: thresholds were set on {len(truth)} validation texts only; measure on a "
            "test split what they hold.\n"
        )
    try:
        return fit_thresholds(hateful, truth, target=settings.target, abstain=settings.abstain)
    except ModelError as error:
        sys.stderr.write(f"hatelens: {error} The threshold stays at 0.5.\n")
        return Thresholds()


def _hateful(columns: Sequence[int], labels: LabelSet) -> Bools:
    return np.isin(columns, [labels.index(name) for name in labels.hateful])


def _manifest(
    recipe: Recipe, corpus: Corpus, trained: Trained, work: Path, seconds: float
) -> Manifest:
    return Manifest(
        name=recipe.name,
        kind=recipe.model.kind,
        runtime=trained.runtime,
        labels=corpus.labels,
        architecture=trained.architecture,
        files=folder.hashes(work, trained.files),
        base=trained.base,
        cleaning=recipe.model.cleaning,
        data=tuple(
            Source(each.name, each.digest, each.licence, each.rows_train, each.rows_validation)
            for each in corpus.sources
        ),
        split={"train": corpus.train_digest, "validation": corpus.validation_digest},
        seed=recipe.seed,
        package=__version__,
        training={"seconds": round(seconds, 1), "dropped": dict(corpus.dropped)}
        | dict(trained.facts),
    )


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
