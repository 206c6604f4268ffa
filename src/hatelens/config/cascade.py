"""The settings of the kind ``cascade``: its stages, and how the first one is taught and trusted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from hatelens.config.fields import Cleaning, Count, Lengths, Number, Settings, Share, alone

Positive = Annotated[Number, Field(gt=0.0)]
Weight = Annotated[Number, Field(ge=0.0)]


class FirstStage(Settings):
    """The cheap detector that reads every text: a model of the kind ``linear``."""

    buckets: Count = 262_144
    """Features that the n-grams are hashed into."""
    char_ngrams: Lengths = (3, 4)
    """Shortest and longest n-gram in characters."""
    word_ngrams: Lengths = (1, 2)
    """Shortest and longest n-gram in words."""
    cleaning: Cleaning = "v1"
    """Version of the cleaning that texts pass through; ``none`` to leave them as they are."""


class CascadeModel(Settings):
    """A cheap detector that clears what it is sure of, and a strong one for the rest."""

    kind: Literal["cascade"] = "cascade"
    """The kind of model."""
    strong: str = "default"
    """The strong detector: ``default`` or a model folder of any kind, a cascade too. One that lies
    beside the folder to write is named there, any other is copied into it."""
    first: FirstStage = FirstStage()
    """The cheap detector."""


class CascadeTraining(Settings):
    """How the first stage is taught by the strong detector, and how far it is trusted."""

    kind: Literal["cascade"] = "cascade"
    """The kind of model that this trains."""
    alpha: Positive = 2.0
    """Strength of the L2 regularisation of the first stage."""
    label_weight: Weight = 8.0
    """How far the labels pull the strong detector's log-odds, which are learned: by
    ``label_weight x (label - mean of the labels)``; 0 to learn from the strong detector alone."""
    auroc_loss: Share = 0.005
    """On no data set may the cascade's AUROC be lower than the strong detector's by more."""
    missed: Share | None = None
    """At most this share, 0-1, of what the strong detector flags may be cleared; None for any."""
    band: Annotated[tuple[str, ...] | None, BeforeValidator(alone)] = None
    """Data sets whose validation texts set the band and whose labels move what is learned, for
    others may call other things hateful; None for all that are trained on."""
