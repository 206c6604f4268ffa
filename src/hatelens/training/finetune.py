"""Fine-tuning with the Transformers Trainer: what its losses, order and measurements are here."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch.utils.data import Sampler
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.trainer_utils import get_last_checkpoint

from hatelens.config.encoder import EncoderTraining
from hatelens.config.trainer import TrainerSettings
from hatelens.errors import ConfigError
from hatelens.models.token_heads import MAIN, SPANS
from hatelens.training.lessons import CLASSES, MARKS, Collator, Lessons
from hatelens.training.losses import class_losses, output_loss
from hatelens.training.order import Order

Metrics = Mapping[str, float]
LOG = "log"
"""Folder inside the model folder: what the Trainer logged, as JSON."""
USUAL = "adamw_torch"
"""The optimiser where no other can be had."""
_ON_GPU = re.compile("paged|8bit|bnb|lion|ademamix")
_MEGABATCH = 50
OWN_KEYS = {
    "kind",
    "loss",
    "focal_gamma",
    "class_weight",
    "soup",
    "early_stopping_patience",
    "train_sampling_strategy",
    "gradient_checkpointing",
    "eval_steps",
    "objective",
    "packing",
}
"""Settings that ``TrainingArguments`` does not have, or that are applied here."""


class Rows(Protocol):
    """What is learned from: rows of any kind, and how many tokens each has."""

    lengths: list[int]

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def __getitem__(self, index: int) -> Any:
        """Return a row."""
        ...


class Tuner(Trainer):
    """A Trainer that keeps its own order, measures on its own and says so on stderr.

    Args:
        model: what is trained.
        args: the Trainer's arguments.
        rows: what is learned from.
        collator: makes batches of rows.
        training: the settings.
        measure: returns metrics of the model on the validation texts.
    """

    def __init__(
        self,
        *,
        model: torch.nn.Module,
        args: TrainingArguments,
        rows: Rows,
        collator: Callable[[Any], Any],
        training: TrainerSettings,
        measure: Callable[[], Metrics],
    ) -> None:
        data: Any = rows
        super().__init__(
            model=model,
            args=args,
            train_dataset=data,
            eval_dataset=data,  # never read: ``evaluate`` measures on its own
            data_collator=collator,
        )
        self._lengths = rows.lengths
        self._grouped = training.train_sampling_strategy == "group_by_length"
        self._measure = measure
        self.remove_callback(PrinterCallback)  # writes to stdout, which is for the folder
        self.add_callback(Shown())
        if training.early_stopping_patience:
            self.add_callback(EarlyStoppingCallback(training.early_stopping_patience))

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Measure on the validation texts, log it and let early stopping see it."""
        metrics = {f"eval_{name}": value for name, value in self._measure().items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        del train_dataset
        size = self.args.train_batch_size * _MEGABATCH if self._grouped else 1
        return Order(self._lengths, self.args.train_batch_size, size, self.args.seed)


class Finetuner(Tuner):
    """A Trainer of a model with heads, each example feeding those that it has targets for.

    Args:
        model: returns tensors by name (see ``models/encoder.py``).
        args: the Trainer's arguments.
        lessons: what is learned from.
        collator: makes batches.
        training: losses and order.
        weights: of the labels, shape (labels,).
        shares: weight of the loss of each further head, by the name of its output.
        measure: returns metrics of the model on the validation texts.
    """

    def __init__(
        self,
        *,
        model: torch.nn.Module,
        args: TrainingArguments,
        lessons: Lessons,
        collator: Collator,
        training: EncoderTraining,
        weights: torch.Tensor,
        shares: Mapping[str, float],
        measure: Callable[[], Metrics],
    ) -> None:
        super().__init__(
            model=model,
            args=args,
            rows=lessons,
            collator=collator,
            training=training,
            measure=measure,
        )
        self._training = training
        self._weights = weights
        self._shares = shares

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Return the loss of the classes plus the weighted losses of the heads."""
        del num_items_in_batch
        targets = {**inputs}
        ids, mask = targets.pop("input_ids"), targets.pop("attention_mask")
        made = model(input_ids=ids, attention_mask=mask)
        settings = self._training
        losses = class_losses(
            made[MAIN],
            targets[CLASSES],
            self._weights.to(ids.device),
            focal_gamma=settings.focal_gamma if settings.loss == "focal" else 0.0,
            smoothing=settings.label_smoothing_factor,
        )
        # The share of texts that have a class: a text weighs the same in every batch.
        total = losses.sum() / len(ids)
        for name, share in self._shares.items():
            total = total + share * output_loss(
                made[name], targets[MARKS if name == SPANS else name]
            )
        return (total, made) if return_outputs else total


class Shown(TrainerCallback):
    """Says on stderr how far training is, and what was measured."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Write a line."""
        del args, control
        said = ", ".join(f"{name} {float(value):.4g}" for name, value in (logs or {}).items())
        sys.stderr.write(f"step {state.global_step} of {state.max_steps}: {said}\n")


def arguments(
    training: TrainerSettings, out: Path, seed: int, *, measures: bool
) -> TrainingArguments:
    """Return the Trainer's arguments of a recipe.

    Args:
        training: its settings.
        out: folder of the checkpoints.
        seed: of everything drawn at random.
        measures: whether there is something to measure on while training.

    Raises:
        ConfigError: they do not go together, or one has a value that it cannot have.
    """
    given = training.model_dump(exclude=OWN_KEYS) | dict(training.model_extra or {})
    stops = training.early_stopping_patience is not None
    steps = training.eval_steps
    strategy = "no" if not measures else "steps" if steps else "epoch"
    own = {
        "output_dir": str(out),
        "seed": seed,
        "data_seed": seed,
        "remove_unused_columns": False,
        "load_best_model_at_end": stops,
        "metric_for_best_model": f"eval_{training.metric_for_best_model}",
        "greater_is_better": training.metric_for_best_model != "loss",
        "disable_tqdm": True,  # its bar writes what is logged to stdout
        "label_names": [CLASSES],
    }
    usual = {
        "eval_strategy": strategy,
        "eval_steps": steps,
        # The best weights can only be loaded again where a checkpoint was written when measured.
        "save_strategy": strategy if stops else "steps",
        "save_steps": steps if stops and steps else training.save_steps,
        "save_total_limit": 2,
        "logging_steps": 50,
        "report_to": "none",
        "use_cpu": not torch.cuda.is_available(),
    }
    given.pop("save_steps")  # is in ``usual``
    every: dict[str, Any] = {**usual, **_possible(given), **own}
    try:
        return TrainingArguments(**every)
    except ValueError as error:
        raise ConfigError(f"training: {' '.join(str(error).split())}") from None


def _possible(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings that this machine can follow: some are only for a GPU.

    Raises:
        ConfigError: it must compute in 16 bits of a kind that only a GPU has.
    """
    if torch.cuda.is_available():
        return dict(given)
    if given.get("fp16"):
        raise ConfigError("training.fp16 needs a GPU; here, say training.fp16=false.")
    optimiser = str(given.get("optim", USUAL))
    if not _ON_GPU.search(optimiser):
        return dict(given)
    sys.stderr.write(f"hatelens: training.optim={optimiser} needs a GPU; here it is {USUAL}.\n")
    return {**given, "optim": USUAL}


def checkpoint(resume: Path) -> str | None:
    """Return the last checkpoint of a run that was killed, and say so; None without."""
    found = get_last_checkpoint(str(resume)) if resume.is_dir() else None
    if found:
        sys.stderr.write(f"hatelens: going on from {Path(found).name}.\n")
    return found


def write_log(runs: Sequence[TrainerState], folder: Path) -> None:
    """Write what the Trainer logged in each of its runs, as JSON."""
    folder.mkdir(exist_ok=True)
    entries = [{"run": i, **entry} for i, run in enumerate(runs) for entry in run.log_history]
    text = json.dumps(entries, indent=1)
    (folder / "steps.json").write_text(text + "\n", encoding="utf-8")
