"""What the settings of every fine-tuning with the Transformers Trainer share."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from hatelens.config.fields import ClassWeight, Count, Number, Settings, Share, Switch
from hatelens.errors import unknown

Positive = Annotated[Number, Field(gt=0.0)]


class TrainerSettings(Settings):
    """How a model is fine-tuned; any other key is one of ``transformers.TrainingArguments``."""

    model_config = ConfigDict(extra="allow")

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
