"""The settings of the kind ``mixture``: adapters on one base, and the gate that weighs them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from hatelens.config.decoder import DecoderModel, DecoderTraining
from hatelens.config.encoder import AdapterSettings, EncoderModel, EncoderTraining
from hatelens.config.fields import Count, Number, Settings, Share, Switch, alone
from hatelens.config.trainer import Positive
from hatelens.errors import unknown

ALL = "all"
"""Name of the adapter that learns from the texts of all platforms."""
NAME = re.compile(r"(?!.*lora)[a-z][a-z0-9_]{0,39}")
"""What an adapter can be called: its name becomes part of the names of weights."""

RoutingKind = Literal["blend", "cat", "top_k", "one", "uniform", "all"]
Sources = Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(alone)]


class GateModel(Settings):
    """A sentence embedding and a small network that turns it into a weight per adapter."""

    base: str = "minilm"
    """The embedding: a name such as ``minilm`` or ``mpnet``, a folder, or a hub id."""
    revision: str | None = None
    """Revision of the hub id; None for the one that the name is pinned to."""
    max_length: Count = 128
    """Tokens that it reads of a text."""
    width: Count = 8
    """Hidden units."""
    temperature: Positive = 1.0
    """What the network's outputs are divided by: above 1 weights are more alike, below 1 less."""
    all_data: Switch = False
    """Whether the adapter over all data is one of those that are weighed; only for a gate that
    learns from the task."""


class MixtureModel(Settings):
    """Several adapters on one base, weighted per text by a gate."""

    kind: Literal["mixture"] = "mixture"
    """The kind of model."""
    over: Annotated[EncoderModel | DecoderModel, Field(discriminator="kind")] = EncoderModel(
        adapter=AdapterSettings()
    )
    """The base, an encoder or a decoder, and the adapter that is trained on it per platform."""
    platforms: Annotated[Mapping[str, Sources], Field(min_length=2)]
    """Platform to its data sets; ``hatexplain:gab`` takes those texts of a data set whose column
    ``platform`` says so. Each gets an adapter of its own, called like the platform."""
    all_data: Switch = True
    """Whether to train an adapter called ``all`` on the texts of all platforms, too."""
    adapters: Mapping[str, str] = Field(default_factory=dict)
    """Adapters trained elsewhere on the same base: name to model folder. One called like a
    platform, or ``all``, takes the place of the one that would be trained."""
    gate: GateModel = GateModel()
    """The gate."""
    routing: RoutingKind = "blend"
    """How a text is answered: ``blend`` weighs the probabilities of the adapters, ``cat`` the
    updates of the weights, ``top_k`` blends the best ones alone; ``uniform`` weighs all alike,
    ``one`` and ``all`` ask a single adapter."""
    top_k: Count = 2
    """Adapters that ``top_k`` blends; their weights are divided by their sum."""
    adapter: str | None = None
    """The adapter that ``one`` asks."""

    @property
    def cleaning(self) -> Literal["v1", "none"]:
        """Version of the cleaning that texts pass through."""
        return self.over.cleaning

    @property
    def names(self) -> tuple[str, ...]:
        """The adapters: of the platforms, further ones, and the one over all data."""
        further = [name for name in self.adapters if name not in self.platforms and name != ALL]
        last = [ALL] if self.all_data or ALL in self.adapters else []
        return (*self.platforms, *further, *last)

    @property
    def weighed(self) -> tuple[str, ...]:
        """The adapters that the gate weighs."""
        return tuple(name for name in self.names if name != ALL or self.gate.all_data)

    @model_validator(mode="after")
    def parts_fit(self) -> Self:
        """Refuse parts that do not go together."""
        if self.over.adapter is None:
            raise ValueError("a mixture is made of adapters; set model.over.adapter={rank: 16}")
        _check_names([*self.platforms, *self.adapters], self.platforms)
        for routing, needed in (("one", self.adapter), ("all", ALL)):
            if self.routing == routing and needed not in self.names:
                raise ValueError(unknown(f"adapter for routing={routing}", needed, self.names))
        if self.routing == "top_k" and self.top_k > len(self.weighed):
            raise ValueError(f"top_k is {self.top_k}; the gate weighs {len(self.weighed)} adapters")
        if self.gate.all_data and ALL not in self.names:
            raise ValueError("gate.all_data needs the adapter over all data; set all_data=true")
        return self


def _check_names(names: Iterable[str], platforms: Iterable[str]) -> None:
    for name in names:
        if not NAME.fullmatch(name):
            raise ValueError(
                "adapters need names of small letters, digits and underscores, without 'lora'; "
                f"found {name!r}"
            )
    if ALL in platforms:
        raise ValueError(f"{ALL!r} is the adapter over all data; give the platform another name")


class GateTraining(Settings):
    """How the gate is trained with Adam on frozen embeddings."""

    learns_from: Literal["platform", "task"] = "platform"
    """``platform``: it learns where a text comes from; ``task``: it learns the weights with which
    the blended probabilities are best."""
    kept: Share = 0.1
    """Share of the training texts, 0-1, that the gate learns from and no adapter does; at 0 it
    learns from those that the adapters learned by heart."""
    balanced: Switch = True
    """Whether every platform counts alike, however many texts it has."""
    lr: Positive = 3e-3
    """Learning rate."""
    batch_size: Count = 256
    """Texts per training step."""
    epochs: Count = 100
    """Passes over its texts at most."""
    patience: Count = 10
    """Passes without a better validation loss after which training stops."""
    weight_decay: Annotated[Number, Field(ge=0.0)] = 1e-4
    """Weight decay."""


class MixtureTraining(Settings):
    """How the adapters of a mixture and its gate are trained."""

    kind: Literal["mixture"] = "mixture"
    """The kind of model that this trains."""
    adapters: Annotated[EncoderTraining | DecoderTraining, Field(discriminator="kind")] = (
        EncoderTraining()
    )
    """How each adapter is trained; of the kind of ``model.over``."""
    gate: GateTraining = GateTraining()
    """How the gate is trained."""
