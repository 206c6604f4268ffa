"""Tunes a language model on turns: what it reads of a batch, and its losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn import functional
from transformers import TrainingArguments

from hatelens.config.trainer import TrainerSettings
from hatelens.training.finetune import Metrics, Tuner
from hatelens.training.losses import class_losses
from hatelens.training.turns import Batch, Collator, Turns

HEAD = "score"
"""What Transformers calls the classification layer of a language model."""


class AnswerTuner(Tuner):
    """A Trainer of a language model whose loss is on the answers only.

    Turns with ``classes`` teach labels: by the mean log-probability of each answer's tokens, or by
    the classification layer where they have no answers. Others teach the next token of each answer.
    The loss of a step is the same however many batches its turns are accumulated from.

    Args:
        model: a causal language model or a classifier on one, with or without an adapter.
        args: the Trainer's arguments.
        turns: what is learned from.
        collator: lays batches out.
        training: the settings.
        measure: returns metrics of the model on the validation texts.
        weights: of the labels, shape (labels,); None for all alike.
    """

    def __init__(
        self,
        *,
        model: Any,
        args: TrainingArguments,
        turns: Turns,
        collator: Collator,
        training: TrainerSettings,
        measure: Callable[[], Metrics],
        weights: torch.Tensor | None = None,
    ) -> None:
        super().__init__(
            model=model,
            args=args,
            rows=turns,
            collator=collator,
            training=training,
            measure=measure,
        )
        self.model_accepts_loss_kwargs = True  # ``compute_loss`` divides by the whole step's mass
        self._smoothing = training.label_smoothing_factor
        self._weights = weights

    def get_batch_samples(
        self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device
    ) -> tuple[list[Any], Any]:
        """Return the batches of a step and what their loss is divided by."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        mass = sum(float(batch["mass"]) for batch in batches)
        return batches, torch.tensor(mass, device=device)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Return the loss of a batch as its part of the loss of the step."""
        if inputs["classes"].shape[1]:
            logits = self._labels(model, inputs)
            losses = self._of_classes(logits, inputs["classes"])
        else:
            logits = token_logits(model, inputs)
            losses = self._of_tokens(logits, inputs)
        mass = inputs["mass"] if num_items_in_batch is None else num_items_in_batch
        loss = losses.sum() / torch.as_tensor(mass, device=losses.device).clamp(min=1e-9)
        return (loss, logits) if return_outputs else loss

    def _labels(self, model: torch.nn.Module, inputs: Batch) -> torch.Tensor:
        """Return the logits of the labels, shape (turns, labels)."""
        if not len(inputs["places"]):
            return head_logits(model, inputs)
        found = -functional.cross_entropy(
            token_logits(model, inputs), inputs["targets"], reduction="none"
        )
        sums = found.new_zeros(len(inputs["weights"])).index_add(0, inputs["answer"], found)
        counts = torch.bincount(inputs["answer"], minlength=len(sums))
        return (sums / counts).view(inputs["classes"].shape)

    def _of_classes(self, logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        weights = logits.new_ones(logits.shape[1]) if self._weights is None else self._weights
        return class_losses(logits, classes, weights.to(logits.device), smoothing=self._smoothing)

    def _of_tokens(self, logits: torch.Tensor, inputs: Batch) -> torch.Tensor:
        losses = functional.cross_entropy(
            logits, inputs["targets"], reduction="none", label_smoothing=self._smoothing
        )
        return losses * inputs["weights"][inputs["answer"]]


def token_logits(model: Any, batch: Batch) -> torch.Tensor:
    """Return what a model expects at each place of a batch, shape (places, vocabulary).

    The output layer, which costs as much as several others, is computed only where a token of an
    answer is predicted.
    """
    width = batch["input_ids"].shape[1]
    columns, chosen = torch.unique(batch["places"] % width, return_inverse=True)
    made = model(**_read(model, batch), logits_to_keep=columns)
    return made.logits[batch["places"] // width, chosen].float()


def head_logits(model: Any, batch: Batch) -> torch.Tensor:
    """Return what a classification layer says at the end of each prompt, shape (turns, labels).

    It reads every token anyway; Transformers then keeps the last one of each row, which would be
    one for all the turns of a packed row.
    """
    found: list[torch.Tensor] = []

    def hear(_: object, __: object, said: torch.Tensor) -> None:
        found.append(said)

    layers = (each for name, each in model.named_modules() if name.rsplit(".", 1)[-1] == HEAD)
    hook = next(layers).register_forward_hook(hear)
    try:
        model(**_read(model, batch))
    finally:
        hook.remove()
    return found[0].flatten(0, 1)[batch["ends"]].float()


def _read(model: Any, batch: Batch) -> dict[str, Any]:
    given: dict[str, Any] = {"input_ids": batch["input_ids"], "use_cache": False}
    if "attention_mask" not in batch:
        return given
    mask = batch["attention_mask"]
    config = getattr(model, "module", model).config
    if config._attn_implementation == "eager":  # noqa: SLF001 -- which adds the mask to the scores
        mask = torch.zeros_like(mask, dtype=torch.float32).masked_fill(~mask, float("-inf"))
    return given | {"attention_mask": mask, "position_ids": batch["position_ids"]}
