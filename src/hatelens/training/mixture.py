"""Trains the kind ``mixture``: adapters per platform on one base, and the gate that weighs them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hatelens.config import paths
from hatelens.config.mixture import GateTraining, MixtureModel, MixtureTraining
from hatelens.errors import ConfigError, DataError
from hatelens.evaluation.weighted import Ints
from hatelens.models import adapters, gate, mixture
from hatelens.models import manifest as manifests
from hatelens.models.base import BaseModel, resolve
from hatelens.models.embedding import Embedder, EmbeddingCache
from hatelens.models.gate import Gate, Network
from hatelens.models.mixture import MixtureScorer
from hatelens.models.routing import Routing
from hatelens.training import adapters as trained_adapters
from hatelens.training import platforms
from hatelens.training.gate import GateLesson, fit, known, report
from hatelens.training.opinions import Opinions
from hatelens.training.trained import Lesson, Material, Trained


def train(model: MixtureModel, training: MixtureTraining, material: Material, seed: int) -> Trained:
    """Train adapters and gate, and write them to the work folder.

    The gate learns from texts that no adapter has seen (``training.gate.kept``): of the others,
    each adapter would seem to know best what it has learned by heart.

    Raises:
        ConfigError: settings do not go together.
        DataError: a text belongs to no platform, or a platform has no texts.
        ModelError: a base is not at hand, or an adapter does not go with it.
    """
    _check(model, training.gate, material)
    kept = platforms.kept(material.train.examples, training.gate.kept, seed)
    folders = trained_adapters.folders(model, training, material, kept, seed)
    opinions = remembered(folders)
    base = resolve(model.gate.base, model.gate.revision)
    made, facts = Gating(model, training.gate, opinions, base).learn(
        platforms.lesson(material.train, kept if kept.any() else ~kept), material.held_out, seed
    )
    routing = Routing(model.routing, model.top_k, model.adapter)
    scorer = MixtureScorer(opinions, made, routing)
    files = mixture.save(scorer, folders, material.work)
    architecture = mixture.settings(
        scorer, gate.settings(made, base.record, model.gate.max_length)
    ) | {"over": model.over.model_dump(mode="json", exclude={"revision"})}
    first = manifests.read(next(iter(folders.values())))
    told = {"adapters": _told(folders), "gate": facts}
    return Trained(scorer, "torch", architecture, files, first.base, facts=told)


def remembered(folders: Mapping[str, Path]) -> Opinions:
    """Open adapters on their base so that nothing is asked twice."""
    versions = {name: manifests.read(path).model_version for name, path in folders.items()}
    return Opinions(adapters.opened(folders), versions, paths.cache() / "opinions.sqlite")


@dataclass(frozen=True)
class Gating:
    """Where a gate comes from.

    Attributes:
        model: names platforms and adapters.
        training: how the gate is trained.
        adapted: the adapters, which are frozen.
        base: of the sentence embeddings.
    """

    model: MixtureModel
    training: GateTraining
    adapted: adapters.Adapted
    base: BaseModel

    def learn(
        self, train: Lesson, held_out: Lesson, seed: int
    ) -> tuple[Gate, Mapping[str, object]]:
        """Train a gate, and say what it has learned.

        Args:
            train: texts to learn from.
            held_out: texts to stop by.
            seed: of first weights and order.
        """
        settings = self.model.gate
        embedder = EmbeddingCache(
            paths.cache() / "embeddings.sqlite", Embedder(self.base, settings.max_length)
        )
        lesson, other = (self._lesson(embedder, one) for one in (train, held_out))
        torch.manual_seed(seed)
        network = Network(embedder.width, settings.width, len(self.names))
        loss = fit(
            network, lesson, other, self.training, temperature=settings.temperature, seed=seed
        )
        made = Gate(embedder, network, self.names, settings.temperature)
        told = report(made, other, tuple(self.model.platforms), self.training)
        texts = {"texts": len(lesson.embeddings), "best_validation_loss": round(loss, 4)}
        return made, {**texts, **told}

    @property
    def names(self) -> Sequence[str]:
        """The adapters that the gate weighs."""
        by_task = self.training.learns_from == "task"
        return self.model.weighed if by_task else tuple(self.model.platforms)

    def _lesson(self, embedder: EmbeddingCache, whole: Lesson) -> GateLesson:
        lesson = platforms.lesson(whole, numbered(whole, self.model) >= 0)
        texts = lesson.texts
        made = GateLesson(
            embedder.embed(texts, progress=True),
            numbered(lesson, self.model),
            self._said(texts),
            lesson.classes,
        )
        return known(made) if self.training.learns_from == "task" else made

    def _said(self, texts: Sequence[str]) -> np.ndarray:
        """Return raw scores of the adapters that are weighed, where the gate learns from them."""
        if self.training.learns_from == "platform":
            return np.zeros((len(self.names), len(texts), 0))
        columns = [self.adapted.names.index(name) for name in self.names]
        wanted = np.zeros((len(texts), len(self.adapted.names)), dtype=bool)
        wanted[:, columns] = True
        return mixture.asked(self.adapted, texts, wanted)[columns]


def numbered(lesson: Lesson, model: MixtureModel) -> Ints:
    """Return the number of each text's platform, -1 for none, shape (texts,)."""
    numbers = {name: number for number, name in enumerate(model.platforms)}
    where = platforms.of(lesson.examples, model.platforms)
    return np.array([numbers.get(name, -1) for name in where], dtype=np.int64)


def _check(model: MixtureModel, training: GateTraining, material: Material) -> None:
    platforms.check(material.train.examples, model.platforms)
    everywhere = numbered(material.train, model), numbered(material.held_out, model)
    if lost := sum(int((where < 0).sum()) for where in everywhere):
        sys.stderr.write(
            f"hatelens: {lost} texts belong to no platform that is named; only the adapter over "
            "all data learns from them.\n"
        )
    for number, name in enumerate(model.platforms):
        for part, where in zip(("train", "validate"), everywhere, strict=True):
            if not (where == number).any():
                raise DataError(f"The platform {name!r} has no text to {part} on.")
    if training.learns_from == "platform" and set(model.weighed) != set(model.platforms):
        more = ", ".join(name for name in model.weighed if name not in model.platforms)
        raise ConfigError(
            f"A gate that learns from the platform cannot weigh {more}, which belongs to none; "
            "set training.gate.learns_from=task."
        )


def _told(folders: Mapping[str, Path]) -> dict[str, object]:
    return {name: dict(manifests.read(path).training) for name, path in folders.items()}
