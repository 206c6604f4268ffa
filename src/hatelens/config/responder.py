"""The settings of a responder: base, adapter, what it learns from and how it is tuned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from hatelens.config.decoder import DecoderAdapter
from hatelens.config.fields import Count, Precision, Settings, Share, Switch, Whole, alone
from hatelens.config.trainer import Positive, TrainerSettings

Modes = Annotated[
    tuple[Literal["stop", "counter"], ...], Field(min_length=1), BeforeValidator(alone)
]


class ResponderModel(Settings):
    """A chat model with an adapter that does not engage with hate."""

    kind: Literal["responder"] = "responder"
    """The kind of model."""
    base: str = "smollm2"
    """The chat model: a name such as ``smollm2``, a folder, or a hub id."""
    revision: str | None = None
    """Revision of the hub id; None for the one that the name is pinned to."""
    precision: Precision = "fp32"
    """How the weights of the base are held: 32 or 16 bit, or quantised to 8 or 4 (NF4 with double
    quantisation)."""
    modes: Modes = ("stop", "counter")
    """What it learns to do with hate; the words that it is told first choose one of them."""
    adapter: DecoderAdapter = DecoderAdapter()
    """The LoRA adapter to train."""
    max_length: Count = 320
    """Tokens of a conversation without its answer; longer posts are cut off."""


class ResponderTraining(TrainerSettings):
    """How a responder is tuned; any other key is one of ``transformers.TrainingArguments``."""

    kind: Literal["responder"] = "responder"
    """The kind of model that this trains."""
    num_train_epochs: Positive = 1.0
    """Passes over the conversations."""
    per_device_train_batch_size: Count = 16
    """Conversations per training step."""
    learning_rate: Positive = 2e-4
    """Learning rate at its highest."""
    train_sampling_strategy: str = "random"
    """Order of the conversations; ``group_by_length`` pads less where ``packing`` is off."""
    metric_for_best_model: Literal["loss"] = "loss"
    """What early stopping looks at: the loss per token of held-out answers."""
    packing: Switch = True
    """Whether the conversations of a batch stand in one row behind one copy of what they begin
    with, which computes the same with fewer tokens; else each in a row of its own, padded."""
    hateful: Count = 3000
    """Hateful posts that are answered by a line of our own."""
    harmless: Count = 2500
    """Harmless posts that are answered by the base model's own reply."""
    shares: Mapping[str, Count] = Field(default_factory=dict)
    """Data set to how many posts it gives where others give one."""
    context: Share = 0.15
    """Share of the conversations, 0-1, that begin with a harmless question and its answer."""
    reply_tokens: Count = 64
    """Tokens of the base model's own replies at most."""
    learned_tokens: Annotated[Whole, Field(ge=0)] = 0
    """Tokens of the base model's own reply that are learned; 0 for all. Its first words decide
    whether it stops or talks; what follows them it says anyway, and would count for more."""
    reply_batch: Count = 16
    """Replies of the base model that are made at once."""
    reply_tries: Count = 3
    """How often it is asked at most: its first reply is the likeliest one; where that refuses or
    reproaches a harmless message, others are drawn."""
    reply_temperature: Positive = 0.8
    """How freely the others are drawn."""
    measured: Annotated[Whole, Field(ge=0)] = 200
    """Validation conversations on which the loss is measured while training; 0 for none."""
    over_refusal: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the harmless validation conversations, 0-1, that it may stop at: the probability of
    its first words from which on it does is found there. 0 to let the likeliest word decide."""

    def plain(self) -> TrainerSettings:
        """Return the settings that are the Trainer's."""
        values: dict[str, Any] = self.model_dump(exclude=_OWN)
        return TrainerSettings(**values)


_OWN = {
    "kind",
    "packing",
    "hateful",
    "harmless",
    "shares",
    "context",
    "reply_tokens",
    "learned_tokens",
    "reply_batch",
    "reply_tries",
    "reply_temperature",
    "measured",
    "over_refusal",
}
