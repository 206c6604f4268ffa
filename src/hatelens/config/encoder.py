"""The settings of the kind ``encoder``: base, adapter, heads and how it is fine-tuned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from hatelens.config.fields import (
    ClassWeight,
    Cleaning,
    Count,
    Labels,
    Number,
    Settings,
    Share,
    Switch,
    alone,
    check_labels,
)
from hatelens.errors import unknown

Positive = Annotated[Number, Field(gt=0.0)]


class AdapterSettings(Settings):
    """A low-rank adapter (LoRA, Hu et al. 2021) in the place of full fine-tuning."""

    rank: Count = 16
    """Rank of the update of each weight matrix."""
    alpha: Count = 32
    """The update is scaled by alpha / rank."""
    dropout: Share = 0.05
    """Share of the adapter's inputs silenced at each training step, 0-1."""
    targets: Annotated[tuple[str, ...], BeforeValidator(alone)] = ("query", "key", "value", "dense")
    """Layers that get an adapter, by the end of their names."""


class EncoderModel(Settings):
    """A fine-tuned transformer encoder with one or several heads."""

    kind: Literal["encoder"] = "encoder"
    """The kind of model."""
    base: str = "minilm"
    """The encoder: a name such as ``minilm`` or ``mpnet``, a folder, or a hub id."""
    revision: str | None = None
    """Revision of the hub id; None for the one that the name is pinned to."""
    max_length: Count = 128
    """Tokens that one window holds."""
    adapter: AdapterSettings | None = None
    """A LoRA adapter to train in the place of all weights; None to train all."""
    cleaning: Cleaning = "v1"
    """Version of the cleaning that texts pass through; ``none`` to leave them as they are."""


class HeadSettings(Settings):
    """A further head beside the classes and the data sets that feed it."""

    type: Literal["attributes", "targets", "spans"]
    """``attributes``: independent properties; ``targets``: who is attacked; ``spans``: which
    characters carry it."""
    names: Annotated[Labels, BeforeValidator(check_labels)] = ("span",)
    """Its outputs."""
    train: Annotated[Mapping[str, Mapping[str, str]], Field(min_length=1)]
    """Data set to its own name of an attribute, target or label (``label=NAME``) to the output
    that it feeds; empty for ``spans``."""
    weight: Positive = 1.0
    """Weight of its loss beside that of the classes."""

    @model_validator(mode="after")
    def outputs_exist(self) -> Self:
        """Refuse a map to an output that is not there."""
        for names in self.train.values():
            for name in names.values():
                if name not in self.names:
                    raise ValueError(unknown("output", name, self.names))
        return self


class EncoderTraining(Settings):
    """How an encoder is fine-tuned; any other key is one of ``transformers.TrainingArguments``."""

    model_config = ConfigDict(extra="allow")

    kind: Literal["encoder"] = "encoder"
    """The kind of model that this trains."""
    num_train_epochs: Positive = 3.0
    """Passes over the training texts."""
    per_device_train_batch_size: Count = 32
    """Texts per training step."""
    learning_rate: Positive = 5e-5
    """Learning rate at its highest."""
    weight_decay: Annotated[Number, Field(ge=0.0)] = 0.01
    """Weight decay."""
    warmup_steps: Annotated[Number, Field(ge=0.0)] = 0.06
    """Steps in which the learning rate rises; below 1, the share of all steps."""
    lr_scheduler_type: str = "linear"
    """How the learning rate falls."""
    train_sampling_strategy: str = "group_by_length"
    """Order of the texts: ``group_by_length`` pads less, ``random`` does not look at length."""
    gradient_checkpointing: Switch = False
    """Whether to compute activations twice in order to hold fewer of them."""
    label_smoothing_factor: Share = 0.0
    """Share of each target, 0-1, spread over all labels."""
    save_steps: Count = 500
    """Steps between checkpoints, from which a killed run goes on."""
    eval_steps: Count | None = None
    """Steps between measurements on the validation texts; None for once per pass."""
    metric_for_best_model: Literal["loss", "macro_f1", "auroc", "accuracy"] = "macro_f1"
    """What early stopping looks at, on the validation texts."""
    early_stopping_patience: Count | None = None
    """Measurements without a better metric after which training stops; None for never."""
    loss: Literal["cross_entropy", "focal"] = "cross_entropy"
    """Loss of the classes; ``focal`` gives less weight to what is right already."""
    focal_gamma: Annotated[Number, Field(ge=0.0)] = 2.0
    """How much less (Lin et al. 2017)."""
    soup: Count = 1
    """Runs from the same start, with seeds that count up, whose weights are averaged in the end."""
    class_weight: ClassWeight = "none"
    """Whether rare labels weigh more: in inverse proportion, by its square root, or not."""

    @model_validator(mode="after")
    def arguments_exist(self) -> Self:
        """Refuse a key that ``TrainingArguments`` does not have, or that hatelens sets itself."""
        if not self.model_extra:
            return self
        from transformers import TrainingArguments

        allowed = set(TrainingArguments.__dataclass_fields__) - OWN
        for name in self.model_extra:
            if name not in allowed:
                raise ValueError(unknown("key of training", name, sorted(allowed)))
        return self


OWN = {
    "output_dir",
    "seed",
    "data_seed",
    "do_train",
    "do_eval",
    "do_predict",
    "remove_unused_columns",
}
"""Training arguments that hatelens sets itself."""
