"""One training run: data, training, calibration, thresholds, report, folder."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hatelens import __version__
from hatelens.config import compose
from hatelens.config.cascade import CascadeModel
from hatelens.config.responder import ResponderModel
from hatelens.config.schema import Recipe, ThresholdSettings
from hatelens.data import corpus as corpora
from hatelens.data.corpus import Corpus
from hatelens.errors import ConfigError, ModelError
from hatelens.evaluation.calibration import fit_calibration, fit_thresholds
from hatelens.evaluation.platt import fit_head, fit_spans
from hatelens.evaluation.weighted import Ints
from hatelens.labels import Floats, LabelSet
from hatelens.models import folder
from hatelens.models.classifier import Classifier
from hatelens.models.decision import Thresholds
from hatelens.models.heads import Head, Outputs
from hatelens.models.manifest import Manifest
from hatelens.monitoring import reference
from hatelens.registry import Registry
from hatelens.text.language import language
from hatelens.training import papers
from hatelens.training.cost import metered
from hatelens.training.folds import cross_validate
from hatelens.training.trained import Lesson, Material, Trained, material, resumed_in, sources

TRAINERS = Registry(
    "kind of model to train",
    {
        "linear": "hatelens.training.linear:train",
        "two_stage": "hatelens.training.two_stage:train",
        "encoder": "hatelens.training.encoder:train",
        "decoder": "hatelens.training.decoder:train",
        "mixture": "hatelens.training.mixture:train",
    },
    ConfigError,
)
COMPOSERS = Registry(
    "kind of model to compose",
    {
        "cascade": "hatelens.training.cascade:write",
        "responder": "hatelens.training.responder:write",
    },
    ConfigError,
)
"""Kinds that are put together from other models: no scorer and no calibration of their own."""
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
    target = Path(recipe.out or f"runs/{recipe.name}-{_now()}")
    with folder.writing(target, overwrite=recipe.overwrite) as work:
        if recipe.model.kind in COMPOSERS:
            COMPOSERS.load(recipe.model.kind)(recipe, work, target)
        else:
            _write(recipe, work)
    return target


def _write(recipe: Recipe, work: Path) -> None:
    corpus = corpora.assemble(recipe.data, recipe.seed, recipe.heads)
    facts: dict[str, Any] = {}
    with metered(resumed_in(recipe, corpus)) as meter:
        if recipe.folds:
            found = cross_validate(recipe, corpus, lambda part, into: _trained(recipe, part, into))
            facts["folds"] = found
        begun = time.perf_counter()
        trained, prepared = _trained(recipe, corpus, work)
        seconds = round(time.perf_counter() - begun, 1)
    facts |= {"seconds": seconds, "cost": meter.to_dict(), **trained.facts}
    manifest = _manifest(recipe, corpus, replace(trained, facts=facts), work)
    manifest = _fitted(manifest, recipe, trained, prepared, corpus)
    (work / folder.CONFIG).write_text(compose.render(recipe), encoding="utf-8")
    folder.write_manifest(work, manifest)
    papers.write(work, Classifier(trained.scorer, manifest), corpus)
    shutil.rmtree(prepared.resume, ignore_errors=True)  # not before all is written


def _trained(recipe: Recipe, corpus: Corpus, work: Path) -> tuple[Trained, Material]:
    prepared = material(
        corpus,
        _cleaning(recipe),
        work,
        soft=recipe.data.soft_labels,
        heads=recipe.heads,
        resume=resumed_in(recipe, corpus),
    )
    train = TRAINERS.load(recipe.model.kind)
    return train(recipe.model, recipe.training, prepared, recipe.seed), prepared


def _fitted(
    manifest: Manifest, recipe: Recipe, trained: Trained, prepared: Material, corpus: Corpus
) -> Manifest:
    """Fit calibration and thresholds on the labels of the validation texts.

    On the labels, not on the votes: a probability says how often the label is right, which is what
    a report measures.
    """
    outputs = trained.outputs(prepared.held_out.texts)
    known = prepared.held_out_truth.sum(axis=1) > 0
    truth, logits = prepared.held_out_truth[known], outputs.logits[known]
    sources = [one.source for one, kept in zip(corpus.validation, known, strict=True) if kept]
    rows = evenly(sources) if recipe.calibration.count == "sources" else slice(None)
    calibration = fit_calibration(
        logits[rows], truth[rows], method=recipe.calibration.method, seed=recipe.seed
    )
    hateful = manifest.labels.hateful_probability(calibration.apply(logits))
    texts = [one.text for one, kept in zip(corpus.validation, known, strict=True) if kept]
    thresholds = _thresholds(hateful, truth, manifest.labels, recipe.thresholds)
    heads = tuple(_head(head, outputs, prepared.held_out) for head in trained.heads)
    languages = [language(text) if corpus.languages else "" for text in texts]
    seen = _reference(texts, hateful, languages, recipe.seed)
    return replace(
        manifest, calibration=calibration, thresholds=thresholds, heads=heads, reference=seen
    )


def _reference(
    texts: Sequence[str], hateful: Floats, languages: Sequence[str], seed: int
) -> Mapping[str, Any]:
    """Return what live traffic is compared with; empty where there are too few texts to say."""
    if len(texts) < reference.FEW:
        return {}
    return reference.made(texts, hateful.tolist(), languages, seed=seed).to_dict()


def evenly(sources: Sequence[str]) -> Ints:
    """Return rows in which every source stands equally often, the smaller ones repeated.

    Args:
        sources: of each text.
    """
    found = np.asarray(sources)
    rows = [np.flatnonzero(found == name) for name in np.unique(found)]
    return np.concatenate([np.resize(each, max(map(len, rows))) for each in rows])


def _head(head: Head, outputs: Outputs, held_out: Lesson) -> Head:
    if head.type != "spans":
        return fit_head(head, outputs.heads[head.name], held_out.heads[head.name])
    marked = [i for i, ranges in enumerate(held_out.marks) if ranges is not None]
    return fit_spans(
        head,
        [outputs.tokens[i] for i in marked],
        [held_out.cleaned[i] for i in marked],
        [held_out.marks[i] or () for i in marked],
    )


def _thresholds(
    hateful: Floats, truth: Floats, labels: LabelSet, settings: ThresholdSettings
) -> Thresholds:
    """Fit thresholds on the texts of which it is known whether they are hateful.

    Where none reaches the target, that is said and 0.5 kept: training is not lost.
    """
    share = labels.hateful_probability(truth / truth.sum(axis=1, keepdims=True))
    sure = (share == 0) | (share == 1)
    hateful, truth = hateful[sure], share[sure] == 1
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


def _cleaning(recipe: Recipe) -> str:
    # Stages clean for themselves, and a conversation is read as it was written.
    assert not isinstance(recipe.model, CascadeModel | ResponderModel)
    return recipe.model.cleaning


def _manifest(recipe: Recipe, corpus: Corpus, trained: Trained, work: Path) -> Manifest:
    return Manifest(
        name=recipe.name,
        kind=recipe.model.kind,
        runtime=trained.runtime,
        labels=corpus.labels,
        architecture=trained.architecture,
        files=folder.hashes(work, trained.files),
        base=trained.base,
        cleaning=_cleaning(recipe),
        data=sources(corpus),
        split={"train": corpus.train_digest, "validation": corpus.validation_digest},
        seed=recipe.seed,
        package=__version__,
        languages=corpus.languages,
        training={
            "dropped": dict(corpus.dropped),
            "label_maps": {name: dict(names) for name, names in recipe.data.label_map.items()},
            "head_maps": {
                name: {data: dict(names) for data, names in head.train.items()}
                for name, head in recipe.heads.items()
            },
        }
        | dict(trained.facts),
    )


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
