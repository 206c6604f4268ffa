"""Makes a cascade: teaches a first stage what a strong detector says, and fits its band."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined

from hatelens import __version__
from hatelens.config import compose, paths
from hatelens.config.cascade import CascadeModel, CascadeTraining
from hatelens.config.schema import Recipe
from hatelens.data import corpus as corpora
from hatelens.data import dataset
from hatelens.data.card import Card
from hatelens.data.corpus import Corpus
from hatelens.data.example import Example
from hatelens.data.scheme import parts
from hatelens.detect import Pipeline
from hatelens.errors import DataError, unknown
from hatelens.evaluation import report as reports
from hatelens.evaluation.page import cell
from hatelens.evaluation.report import Report
from hatelens.evaluation.run import evaluate
from hatelens.evaluation.weighted import Bools
from hatelens.labels import POOLED, Floats, LabelSet
from hatelens.models import folder
from hatelens.models.cascade import Cascade, Stage
from hatelens.models.classifier import Classifier
from hatelens.models.detector import Detector
from hatelens.models.manifest import Manifest
from hatelens.text import clean
from hatelens.training import band, papers, student
from hatelens.training.band import Fitted, Trial
from hatelens.training.cost import metered
from hatelens.training.teacher import Teacher
from hatelens.training.trained import sources

FIRST = "first"
STRONG = "strong"


@dataclass(frozen=True)
class _Lesson:
    """Texts, what the strong detector says of them, and what people do.

    Attributes:
        examples: the texts.
        said: probability of each label, shape (texts, labels).
        truth: 1 for hateful, 0 for not, NaN where it is not known; shape (texts,).
    """

    examples: Sequence[Example]
    said: Floats
    truth: Floats

    @property
    def texts(self) -> list[str]:
        """The texts as their authors wrote them."""
        return [example.text for example in self.examples]


def write(recipe: Recipe, work: Path, target: Path) -> None:
    """Train a cascade into a work folder.

    Args:
        recipe: with a model and a training of the kind ``cascade``; its calibration and thresholds
            are not used, for the answers are on the scale of the strong detector.
        work: folder to write; lies beside ``target``.
        target: what the folder will be called.

    Raises:
        DataError: the data is missing or not fit to learn from.
        ModelError: the strong model is not at hand.
    """
    model, training = recipe.model, recipe.training
    assert isinstance(model, CascadeModel)
    assert isinstance(training, CascadeTraining)
    strong = folder.load(model.strong)
    corpus = corpora.assemble(recipe.data, recipe.seed)
    begun = time.perf_counter()
    teacher = Teacher(strong, paths.cache() / "teacher")
    with metered() as meter:
        lessons = [_lesson(teacher, some, corpus) for some in (corpus.train, corpus.validation)]
        first = _first(recipe, lessons[0], strong.labels, work / FIRST)
        fitted = _fitted(first, strong, lessons[1], training)
    stages = [
        {"folder": FIRST, "model_version": first.model_version} | fitted.band.to_dict(),
        _strong(folder.find(model.strong), work, target),
    ]
    facts = _facts(corpus, time.perf_counter() - begun, fitted) | {"cost": meter.to_dict()}
    manifest = _manifest(recipe, corpus, strong, stages, facts)
    (work / folder.CONFIG).write_text(compose.render(recipe), encoding="utf-8")
    folder.write_manifest(work, manifest)
    cascade = Cascade([Stage(first, fitted.band)], strong, manifest)
    _papers(work, cascade, lessons[1], training)


def _lesson(teacher: Teacher, examples: Sequence[Example], corpus: Corpus) -> _Lesson:
    said = teacher.scores([example.text for example in examples])
    return _Lesson(examples, said, np.array([_truth(one, corpus.labels) for one in examples]))


def _truth(example: Example, labels: LabelSet) -> float:
    """Return 1 for hateful, 0 for not, NaN without a label or with one that leaves it open."""
    sides = {labels.is_hateful(part) for part in parts(example.label)} if example.label else set()
    return float(sides.pop()) if len(sides) == 1 else float("nan")


def _first(recipe: Recipe, lesson: _Lesson, labels: LabelSet, work: Path) -> Classifier:
    """Teach the first stage and write its folder, which is a model folder of its own."""
    model, training = recipe.model, recipe.training
    assert isinstance(model, CascadeModel)
    assert isinstance(training, CascadeTraining)
    architecture = model.first.model_dump(mode="json")
    texts = lesson.texts
    if model.first.cleaning != "none":
        texts = [clean(text).text for text in texts]
    truth = np.where(_chosen(lesson, training), lesson.truth, np.nan)
    logits = student.targets(lesson.said, truth, labels, training.label_weight)
    scorer = student.fit(texts, logits, architecture, training.alpha)
    work.mkdir()
    manifest = Manifest(
        name=f"{recipe.name}-{FIRST}",
        kind="linear",
        runtime="numpy",
        labels=labels,
        architecture=architecture,
        files=folder.hashes(work, scorer.save(work)),
        cleaning=model.first.cleaning,
        seed=recipe.seed,
        package=__version__,
    )
    folder.write_manifest(work, manifest)
    return Classifier(scorer, manifest)


def _fitted(
    first: Detector, strong: Detector, lesson: _Lesson, training: CascadeTraining
) -> Fitted:
    """Fit scale and band on the validation texts of which it is known whether they are hateful."""
    chosen = np.flatnonzero(_chosen(lesson, training) & ~np.isnan(lesson.truth))
    examples = [lesson.examples[i] for i in chosen.tolist()]
    said = Pipeline(first).predict([example.text for example in examples])
    hateful = strong.labels.hateful_probability(lesson.said[chosen])
    trial = Trial(
        first=np.array([one.hateful for one in said]),
        strong=hateful,
        flagged=hateful >= strong.thresholds.flag,
        truth=lesson.truth[chosen] == 1,
        source=[example.source for example in examples],
    )
    return band.fit(
        trial,
        auroc_loss=training.auroc_loss,
        missed=training.missed,
        clear=strong.thresholds.clear,
    )


def _chosen(lesson: _Lesson, training: CascadeTraining) -> Bools:
    """Say which texts are of the data sets that the band is for.

    Raises:
        DataError: there is no such data set.
    """
    sources = np.array([example.source for example in lesson.examples])
    for name in training.band or ():
        if name not in sources:
            raise DataError(unknown("data set in training.band", name, set(sources.tolist())))
    return np.isin(sources, training.band or sources)


def _strong(source: Path, work: Path, target: Path) -> dict[str, Any]:
    """Name the strong model where it lies beside the cascade; copy it into the folder elsewhere."""
    version = folder.read(source).model_version
    source = source.resolve()
    if source.parent == target.resolve().parent:
        return {"folder": f"../{source.name}", "model_version": version}
    shutil.copytree(source, work / STRONG)
    return {"folder": STRONG, "model_version": version}


def _facts(corpus: Corpus, seconds: float, fitted: Fitted) -> dict[str, Any]:
    measured = fitted.measured.to_dict()
    return {"seconds": round(seconds, 1), "dropped": dict(corpus.dropped), "band": measured}


def _manifest(
    recipe: Recipe,
    corpus: Corpus,
    strong: Detector,
    stages: Sequence[dict[str, Any]],
    facts: dict[str, Any],
) -> Manifest:
    return Manifest(
        name=recipe.name,
        kind="cascade",
        runtime="parts",
        labels=strong.labels,
        architecture={"stages": list(stages)},
        files={},
        thresholds=strong.thresholds,
        languages=strong.languages,
        data=sources(corpus),
        split={"train": corpus.train_digest, "validation": corpus.validation_digest},
        seed=recipe.seed,
        package=__version__,
        training=facts,
    )


def _papers(work: Path, cascade: Cascade, lesson: _Lesson, training: CascadeTraining) -> None:
    """Measure the cascade on the validation texts and write ``report/`` and ``MODEL_CARD.md``."""
    known = [
        replace(example, label=POOLED.names[int(truth)], votes=())
        for example, truth in zip(lesson.examples, lesson.truth, strict=True)
        if not np.isnan(truth)
    ]
    held_out = dataset.make(Card(name="validation", labels=POOLED), known, ())
    name = cascade.manifest.name
    report = evaluate(Pipeline(cascade), held_out, split="all", name=name, progress=True)
    report = replace(report, cost=papers.cost(cascade.manifest))
    reports.write(report, work / folder.REPORT)
    card = _model_card(cascade.manifest, report, training)
    (work / folder.CARD).write_text(card, encoding="utf-8")


def _model_card(manifest: Manifest, report: Report, training: CascadeTraining) -> str:
    template = resources.files("hatelens.training").joinpath("cascade_card.md.j2")
    # Markdown is not HTML: names are escaped by ``cell``, as in the report.
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701
    environment.filters["cell"] = cell
    opened = environment.from_string(template.read_text(encoding="utf-8"))
    return opened.render(m=manifest, report=report, t=training)
