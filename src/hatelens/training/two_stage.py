"""Trains the kind ``two_stage``: a classification layer on frozen embeddings, with Lightning."""

from __future__ import annotations

import copy
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, RichProgressBar
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader, TensorDataset

from hatelens.config import paths
from hatelens.config.schema import TwoStageModel, TwoStageTraining
from hatelens.labels import Floats
from hatelens.models import two_stage
from hatelens.models.base import TOKENIZER, resolve
from hatelens.models.embedding import Embedder, EmbeddingCache
from hatelens.models.two_stage import Layer, TwoStage
from hatelens.training.trained import Material, Trained, class_weights

LOG = "log"
"""Folder inside the model folder: metrics per epoch as CSV, and the profile."""


def train(
    model: TwoStageModel, training: TwoStageTraining, material: Material, seed: int
) -> Trained:
    """Embed the texts, train the layer and write its weights to the work folder.

    System C's recipe with cross-entropy in the place of its mean squared error: Adam, large
    batches, early stopping on the validation loss, the weights of the best epoch.

    Raises:
        ModelError: the base model is not at hand.
    """
    base = resolve(model.base, model.revision)
    embedder = Embedder(base, model.max_length, training.embed_batch_size)
    cache = EmbeddingCache(paths.cache() / "embeddings.sqlite", embedder)
    train_vectors = cache.embed(material.train.texts, progress=True)
    held_out_vectors = cache.embed(material.held_out.texts, progress=True)

    _seed(seed)
    settings = model.layer.model_dump(mode="json")
    layer = Layer(settings, embedder.width, material.train.classes.shape[1])
    weights = class_weights(material.train.classes, training.class_weight)
    module = LayerTraining(layer, torch.tensor(weights, dtype=torch.float32), training)
    best = BestWeights(layer)
    trainer = _trainer(training, best, material.work / LOG)
    trainer.fit(
        module,
        _loader(train_vectors, material.train.classes, training.batch_size, seed=seed),
        _loader(held_out_vectors, material.held_out.classes, training.batch_size),
    )
    layer.load_state_dict(best.weights)
    files = (*two_stage.save(layer, material.work), _copy_tokenizer(base.folder, material.work))
    facts = {"epochs": trainer.current_epoch, "best_validation_loss": best.loss}
    architecture = model.model_dump(mode="json", exclude={"revision"})
    scorer = TwoStage(cache, layer)
    return Trained(scorer, "torch", architecture, files, base.record, facts=facts)


class BestWeights(Callback):
    """Keeps the weights of the best epoch in memory: Lightning's own checkpoints are pickles.

    Args:
        layer: what is trained.
    """

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self.loss = float("inf")
        self.weights: dict[str, torch.Tensor] = {}

    def on_validation_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Keep the weights where the validation loss has fallen."""
        del pl_module
        loss = float(trainer.callback_metrics["validation_loss"])
        if loss < self.loss:
            self.loss = loss
            self.weights = copy.deepcopy(self._layer.state_dict())


class LayerTraining(lightning.LightningModule):
    """Cross-entropy of a layer with soft targets.

    Args:
        layer: what is trained.
        weights: of the labels, shape (labels,).
        training: learning rate and weight decay.
    """

    def __init__(self, layer: Layer, weights: torch.Tensor, training: TwoStageTraining) -> None:
        super().__init__()
        self.layer = layer
        self._loss = torch.nn.CrossEntropyLoss(weight=weights)
        self._training = training

    def training_step(self, *args: Any, **_: Any) -> torch.Tensor:
        """Return the loss of a batch."""
        vectors, targets = args[0]
        loss = self._loss(self.layer(vectors), targets)
        self.log("train_loss", loss, on_step=False, on_epoch=True, prog_bar=True)
        return loss

    def validation_step(self, *args: Any, **_: Any) -> None:
        """Log the loss and the accuracy of a batch."""
        vectors, targets = args[0]
        logits = self.layer(vectors)
        right = (logits.argmax(dim=1) == targets.argmax(dim=1)).float().mean()
        shown: dict[str, Any] = {"prog_bar": True, "batch_size": len(logits)}
        self.log("validation_loss", self._loss(logits, targets), **shown)
        self.log("validation_accuracy", right, **shown)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam, as system C uses."""
        settings = self._training
        return torch.optim.Adam(
            self.layer.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )


def _trainer(training: TwoStageTraining, best: BestWeights, log: Path) -> lightning.Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", ".*does not have many workers.*")
    warnings.filterwarnings("ignore", ".*number of training batches.*")
    warnings.filterwarnings("ignore", ".*LeafSpec.*")
    log.mkdir(parents=True, exist_ok=True)
    return lightning.Trainer(
        max_epochs=training.epochs,
        accelerator="cpu",
        devices=1,
        deterministic=True,
        callbacks=[
            EarlyStopping("validation_loss", patience=training.patience),
            best,
            *_progress_bar(),
        ],
        logger=CSVLogger(log, name="", version=""),
        profiler=_profiler(log) if training.profile else None,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=sys.stderr.isatty(),
        num_sanity_val_steps=0,
    )


def _progress_bar() -> list[Callback]:
    # On stderr: the last line of stdout is the folder.
    bar = RichProgressBar(leave=True, console_kwargs={"stderr": True})
    return [bar] if sys.stderr.isatty() else []


def _profiler(log: Path) -> lightning.pytorch.profilers.Profiler:
    return lightning.pytorch.profilers.SimpleProfiler(dirpath=log, filename="profile")


def _loader(
    vectors: np.ndarray, targets: Floats, batch_size: int, *, seed: int | None = None
) -> DataLoader[tuple[torch.Tensor, ...]]:
    data = TensorDataset(torch.from_numpy(vectors), torch.tensor(targets, dtype=torch.float32))
    if seed is None:
        return DataLoader(data, batch_size=batch_size)
    order = torch.Generator().manual_seed(seed)
    return DataLoader(data, batch_size=batch_size, shuffle=True, generator=order)


def _seed(seed: int) -> None:
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
    lightning.seed_everything(seed, verbose=False)


def _copy_tokenizer(base: Path, work: Path) -> str:
    (work / TOKENIZER).write_bytes((base / TOKENIZER).read_bytes())
    return TOKENIZER
