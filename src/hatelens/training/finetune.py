"""Fine-tuning with the Transformers Trainer: what its losses, order and measurements are here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

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

from hatelens.config.encoder import EncoderTraining
from hatelens.errors import ConfigError
from hatelens.models.token_heads import MAIN, SPANS
from hatelens.training.lessons import CLASSES, MARKS, Collator, Lessons
from hatelens.training.losses import class_losses, output_loss

Metrics = Mapping[str, float]
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
}
"""Settings that ``TrainingArguments`` does not have, or that are applied here."""


class Finetuner(Trainer):
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
            train_dataset=lessons,
            eval_dataset=lessons,  # never read: ``evaluate`` measures on its own
            data_collator=collator,
        )
        self._training = training
        self._lengths = lessons.lengths
        self._weights = weights
        self._shares = shares
        self._measure = measure
        self.remove_callback(PrinterCallback)  # writes to stdout, which is for the folder
        self.add_callback(Shown())
        if training.early_stopping_patience:
            self.add_callback(EarlyStoppingCallback(training.early_stopping_patience))

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
        grouped = self._training.train_sampling_strategy == "group_by_length"
        size = self.args.train_batch_size * _MEGABATCH if grouped else 1
        return Order(self._lengths, self.args.train_batch_size, size, self.args.seed)


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


class Order(Sampler[int]):
    """A shuffled order that depends on seed and epoch only, so that a resumed run keeps it.

    Texts of like length stand together: each megabatch is sorted by length and cut into batches,
    whose order is then shuffled.

    Args:
        lengths: of the texts, in tokens.
        batch: texts per batch.
        megabatch: texts that are sorted together; 1 for a plain shuffle.
        seed: of the order.
    """

    def __init__(self, lengths: Sequence[int], batch: int, megabatch: int, seed: int) -> None:
        self._lengths = torch.tensor(lengths)
        self._batch = batch
        self._megabatch = megabatch
        self._seed = seed
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        chance = torch.Generator().manual_seed(self._seed + 1000 * self._epoch)
        order = torch.randperm(len(self), generator=chance)
        if self._megabatch > 1:
            order = self._grouped(order, chance)
        return iter(order.tolist())

    def set_epoch(self, epoch: int) -> None:
        """Say which pass it is."""
        self._epoch = epoch

    def _grouped(self, order: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
        parts = [
            part[torch.argsort(self._lengths[part], stable=True)]
            for part in order.split(self._megabatch)
        ]
        batches = [batch for part in parts for batch in part.split(self._batch)]
        full = [batch for batch in batches if len(batch) == self._batch]
        rest = [batch for batch in batches if len(batch) < self._batch]  # only at the very end
        shuffled = [full[i] for i in torch.randperm(len(full), generator=chance).tolist()]
        return torch.cat([*shuffled, *rest])


def arguments(
    training: EncoderTraining, out: Path, seed: int, *, measures: bool
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
    every: dict[str, Any] = {**usual, **given, **own}
    try:
        return TrainingArguments(**every)
    except ValueError as error:
        raise ConfigError(f"training: {' '.join(str(error).split())}") from None
