"""The settings of a training run: every key that a recipe or an override may set.

Nothing here imports a training library: a wrong setting is found before one is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from hatelens.config.cascade import CascadeModel, CascadeTraining
from hatelens.config.decoder import DecoderModel, DecoderTraining
from hatelens.config.encoder import EncoderModel, EncoderTraining, HeadSettings
from hatelens.config.fields import (
    ClassWeight,
    Cleaning,
    Count,
    LabelMap,
    Lengths,
    Number,
    OwnLabels,
    Settings,
    Share,
    Switch,
    Whole,
    alone,
    check_name,
    check_target,
)
from hatelens.config.mixture import MixtureModel, MixtureTraining
from hatelens.config.responder import ResponderModel, ResponderTraining


class DataSettings(Settings):
    """What is learned from, and in which labels."""

    train: Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(alone)]
    """Data sets to learn from: names of cards, or files of your own."""
    validation: Annotated[Number, Field(gt=0.0, lt=1.0)] = 0.1
    """Share of the training texts, 0-1, kept for validation where a data set has no official
    validation split."""
    labels: OwnLabels = None
    """The labels that the model learns, in the order of its outputs; None for the labels of the
    single data set's own card."""
    hateful: OwnLabels = None
    """Which labels count as hateful; None for those of the single data set's own card."""
    label_map: LabelMap = Field(default_factory=dict)
    """Data set to its label to the label that the model learns; a label that maps to an empty
    text is left out. A data set that is not named keeps its labels. Where a data set cannot tell
    labels apart, ``normal|offensive`` says that either may be true (only for ``encoder``)."""
    columns: Mapping[str, str] = Field(default_factory=dict)
    """For files of your own: which column holds ``text``, ``label``, ``id`` and ``group``."""
    soft_labels: Switch = True
    """Whether to learn from shares of votes where a data set has them."""
    limit: Count | Mapping[str, Count] | None = None
    """Texts taken from each data set, a seeded sample; or data set to texts; None for all."""
    repeat: Mapping[str, Count] = Field(default_factory=dict)
    """Data set to how often its training texts are learned from in each pass; once if not named."""
    disguise: Share = 0.0
    """Share of the training texts, 0-1, that are learned from once more in disguised spelling."""
    near_duplicate: Annotated[Number, Field(gt=0.0, le=1.0)] = 0.85
    """Jaccard similarity, 0-1, from which on two texts count as near-duplicates."""


class LinearModel(Settings):
    """Logistic regression on hashed character and word n-grams."""

    kind: Literal["linear"] = "linear"
    """The kind of model."""
    buckets: Count = 262_144
    """Features that the n-grams are hashed into."""
    char_ngrams: Lengths = (2, 5)
    """Shortest and longest n-gram in characters."""
    word_ngrams: Lengths = (1, 2)
    """Shortest and longest n-gram in words."""
    cleaning: Cleaning = "v1"
    """Version of the cleaning that texts pass through; ``none`` to leave them as they are."""


class LinearLayer(Settings):
    """A classification layer without hidden units."""

    type: Literal["linear"] = "linear"
    """The type of layer."""


class MlpLayer(Settings):
    """A classification layer with one hidden layer."""

    type: Literal["mlp"] = "mlp"
    """The type of layer."""
    width: Count = 256
    """Hidden units."""
    activation: Literal["relu", "gelu", "tanh", "silu"] = "relu"
    """What the hidden units apply."""
    dropout: Share = 0.3
    """Share of hidden units silenced at each training step, 0-1."""


class TwoStageModel(Settings):
    """A frozen sentence embedding and a classification layer on it."""

    kind: Literal["two_stage"] = "two_stage"
    """The kind of model."""
    base: str = "minilm"
    """The embedding: a name such as ``minilm`` or ``mpnet``, a folder, or a hub id."""
    revision: str | None = None
    """Revision of the hub id; None for the one that the name is pinned to."""
    max_length: Count = 128
    """Tokens that one window holds."""
    layer: Annotated[LinearLayer | MlpLayer, Field(discriminator="type")] = MlpLayer()
    """The classification layer."""
    cleaning: Cleaning = "v1"
    """Version of the cleaning that texts pass through; ``none`` to leave them as they are."""


class LinearTraining(Settings):
    """How logistic regression is fitted."""

    kind: Literal["linear"] = "linear"
    """The kind of model that this trains."""
    C: Annotated[Number, Field(gt=0.0)] = 4.0
    """Inverse strength of the L2 regularisation."""
    class_weight: ClassWeight = "balanced"
    """Whether rare labels weigh more: in inverse proportion, by its square root, or not."""
    max_iter: Count = 200
    """Iterations at most."""


class TwoStageTraining(Settings):
    """How a classification layer is trained with Adam on frozen embeddings."""

    kind: Literal["two_stage"] = "two_stage"
    """The kind of model that this trains."""
    lr: Annotated[Number, Field(gt=0.0)] = 1e-3
    """Learning rate."""
    batch_size: Count = 1024
    """Texts per training step."""
    epochs: Count = 50
    """Passes over the training texts at most."""
    patience: Count = 5
    """Passes without a better validation loss after which training stops."""
    weight_decay: Annotated[Number, Field(ge=0.0)] = 0.0
    """Weight decay."""
    class_weight: ClassWeight = "none"
    """Whether rare labels weigh more: in inverse proportion, by its square root, or not."""
    profile: Switch = False
    """Whether to write where the time went."""
    embed_batch_size: Count = 64
    """Texts embedded at once."""


class CalibrationSettings(Settings):
    """How raw scores become probabilities that can be believed."""

    method: Literal["auto", "temperature", "bcts", "isotonic", "none"] = "auto"
    """The method; ``auto`` for the best one on the validation texts."""
    count: Literal["texts", "sources"] = "texts"
    """Whether every validation text counts alike, or every data set, however many texts it has."""


class ThresholdSettings(Settings):
    """Where a score becomes a decision."""

    target: Annotated[str, AfterValidator(check_target)] = "fpr<=0.05"
    """What flagging has to reach on the validation texts: ``precision>=P``, ``recall>=P``,
    ``fpr<=P`` (share of harmless texts that are flagged) or ``review_budget=P`` (share of all
    texts that are)."""
    abstain: Share = 0.05
    """At most this share of the validation texts, 0-1, is left to a person as unsure."""


TAKEN = frozenset({"logits", "classes", "marks", "input_ids", "attention_mask"})
"""Names of what a model with heads reads and gives besides."""


class Recipe(Settings):
    """Everything that a training run needs to know."""

    name: Annotated[str, AfterValidator(check_name)]
    """What the run is called."""
    seed: Annotated[Whole, Field(ge=0, lt=2**32)] = 0
    """Seed of everything that is drawn at random."""
    out: str | None = None
    """Folder to write; None for ``runs/NAME-TIME``."""
    overwrite: Switch = False
    """Whether a folder that holds something may be replaced."""
    model: Annotated[
        LinearModel
        | TwoStageModel
        | EncoderModel
        | DecoderModel
        | MixtureModel
        | CascadeModel
        | ResponderModel,
        Field(discriminator="kind"),
    ]
    """What is trained."""
    data: DataSettings
    """What is learned from."""
    training: Annotated[
        LinearTraining
        | TwoStageTraining
        | EncoderTraining
        | DecoderTraining
        | MixtureTraining
        | CascadeTraining
        | ResponderTraining,
        Field(discriminator="kind"),
    ]
    """How it is trained."""
    heads: Mapping[str, HeadSettings] = Field(default_factory=dict)
    """Further heads beside the classes, by name; only for ``encoder``."""
    folds: Annotated[Count, Field(ge=2)] | None = None
    """Folds of a cross-validation before the training itself; None for none."""
    calibration: CalibrationSettings = CalibrationSettings()
    """How its scores are calibrated."""
    thresholds: ThresholdSettings = ThresholdSettings()
    """How its thresholds are set."""

    @model_validator(mode="after")
    def kinds_agree(self) -> Self:
        """Refuse a training that is for another kind of model."""
        if self.model.kind != self.training.kind:
            raise ValueError(
                f"model.kind is {self.model.kind!r} but training.kind is {self.training.kind!r}; "
                f"add training={self.model.kind} or model={self.training.kind}"
            )
        soup = getattr(self.training, "soup", 1)
        if soup > 1 and getattr(self.model, "adapter", None):
            raise ValueError(
                f"training.soup averages whole models, not adapters; found {soup} with "
                "model.adapter: leave one of them out"
            )
        for name, head in self.heads.items():
            if (head.type == "spans") != (name == "spans") or not re.fullmatch(r"[a-z_]+", name):
                raise ValueError(
                    "heads need names of small letters, and the one of type spans the name spans; "
                    f"found {name!r} of type {head.type}"
                )
            if name in TAKEN:
                raise ValueError(f"a head cannot be called {name!r}; choose another name")
        if self.heads and self.model.kind != "encoder":
            raise ValueError(f"heads need model.kind 'encoder'; found {self.model.kind!r}")
        return self

    @model_validator(mode="after")
    def objective_fits(self) -> Self:
        """Refuse to teach words to a linear head, or labels alone to a model that explains."""
        objective = getattr(self.training, "objective", None)
        if objective == "answer" and getattr(self.model, "head", None) == "linear":
            raise ValueError(
                "training.objective=answer teaches words, which model.head=linear does not give; "
                "take training.objective=labels"
            )
        if objective == "labels" and getattr(self.model, "explains", False):
            raise ValueError(
                "model.explains=true is learned by writing; take training.objective=answer"
            )
        return self
