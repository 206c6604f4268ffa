"""The settings of the kind ``encoder``: base, adapter, heads and how it is fine-tuned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from hatelens.config.fields import (
    Cleaning,
    Count,
    Labels,
    Number,
    Settings,
    Share,
    alone,
    check_labels,
)
from hatelens.config.trainer import Positive, TrainerSettings
from hatelens.errors import unknown


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


class EncoderTraining(TrainerSettings):
    """How an encoder is fine-tuned; any other key is one of ``transformers.TrainingArguments``."""

    kind: Literal["encoder"] = "encoder"
    """The kind of model that this trains."""
    loss: Literal["cross_entropy", "focal"] = "cross_entropy"
    """Loss of the classes; ``focal`` gives less weight to what is right already."""
    focal_gamma: Annotated[Number, Field(ge=0.0)] = 2.0
    """How much less (Lin et al. 2017)."""
    soup: Count = 1
    """Runs from the same start, with seeds that count up, whose weights are averaged in the end."""
