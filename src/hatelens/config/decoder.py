"""The settings of the kind ``decoder``: base, prompt, answers, adapter and how it is tuned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from hatelens.config.encoder import AdapterSettings
from hatelens.config.fields import (
    Cleaning,
    Count,
    Number,
    Precision,
    Settings,
    Share,
    Switch,
    alone,
)
from hatelens.config.trainer import Positive, TrainerSettings
from hatelens.errors import ConfigError

LINEAR_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""All linear layers of Llama, Mistral, Qwen, Gemma and their kin, but the head."""


def check_answers(answers: Mapping[str, str]) -> Mapping[str, str]:
    """Refuse answers that are empty or mean two labels at once.

    Raises:
        ValueError: one does.
    """
    for label, words in answers.items():
        if not words.strip():
            raise ValueError(f"the label {label!r} needs words to answer with; found none")
    try:
        spoken(answers, tuple(answers))
    except ConfigError as error:
        raise ValueError(str(error)) from None
    return answers


def spoken(answers: Mapping[str, str], labels: tuple[str, ...]) -> dict[str, str]:
    """Return the words that each label is answered with, its own name where none are given.

    Raises:
        ConfigError: words are given for a label that is not there, or two labels share them.
    """
    for label in answers:
        if label not in labels:
            raise ConfigError(
                f"model.answers names the label {label!r}, which is not learned; there are "
                f"{', '.join(labels)}."
            )
    words = {label: answers.get(label, label) for label in labels}
    for label, said in words.items():
        for other in labels:
            if other != label and words[other].strip() == said.strip():
                raise ConfigError(
                    f"the labels {label!r} and {other!r} are both answered with {said!r}; give "
                    "each its own words in model.answers"
                )
    return words


class DecoderAdapter(AdapterSettings):
    """A low-rank adapter of a language model (LoRA; QLoRA where the base is quantised)."""

    targets: Annotated[tuple[str, ...], BeforeValidator(alone)] = LINEAR_LAYERS
    """Layers that get an adapter, by the end of their names; ``lm_head`` may be one."""
    bias: Literal["none", "all", "lora_only"] = "none"
    """Which biases are trained too: none, all, or those of the layers with an adapter."""


class Generation(Settings):
    """How an answer is generated, where ``decode`` is ``generate``."""

    temperature: Annotated[Number, Field(ge=0.0)] = 0.0
    """How freely words are drawn; 0 takes the likeliest one, the same every time."""
    top_p: Annotated[Number, Field(gt=0.0, le=1.0)] = 1.0
    """Words are drawn from the likeliest ones that together have this probability."""
    max_new_tokens: Count = 16
    """Tokens of an answer at most."""
    num_return_sequences: Count = 1
    """Answers to each text; the label is that of most of them."""


class DecoderModel(Settings):
    """A causal language model that answers a prompt with a label."""

    kind: Literal["decoder"] = "decoder"
    """The kind of model."""
    base: str = "smollm2"
    """The language model: a name such as ``smollm2``, a folder, or a hub id."""
    revision: str | None = None
    """Revision of the hub id; None for the one that the name is pinned to."""
    precision: Precision = "fp32"
    """How the weights of the base are held: 32 or 16 bit, or quantised to 8 or 4 (NF4 with double
    quantisation)."""
    prompt: str = "classify"
    """What stands around each text: the name of a prompt that hatelens ships, or a file."""
    chat: Switch = True
    """Whether the tokenizer's chat template wraps the prompt as the user's message."""
    max_length: Count = 512
    """Tokens of a prompt with its text; longer texts are read in windows."""
    head: Literal["labels", "linear"] = "labels"
    """What gives the classes: the probabilities of the labels' words, or a new linear layer."""
    decode: Literal["probability", "generate"] = "probability"
    """How a label is read off: by the probability of its words, or from a generated answer."""
    answers: Annotated[Mapping[str, str], AfterValidator(check_answers)] = Field(
        default_factory=dict
    )
    """Label to the words that it is answered with; a label that is not named is its own word."""
    adapter: DecoderAdapter | None = DecoderAdapter()
    """The LoRA adapter to train; None to train all weights."""
    explains: Switch = False
    """Whether it also learns to say why, in the line after the label."""
    generation: Generation = Generation()
    """How an answer is generated, where ``decode`` is ``generate``."""
    cleaning: Cleaning = "v1"
    """Version of the cleaning that texts pass through; ``none`` to leave them as they are."""

    @model_validator(mode="after")
    def parts_agree(self) -> Self:
        """Refuse quantised weights without an adapter, and a linear head that writes."""
        if self.precision in {"int8", "nf4"} and self.adapter is None:
            raise ValueError(
                f"weights in {self.precision} cannot be trained; give model.adapter, or "
                "model.precision=bf16"
            )
        if self.head == "linear" and (self.decode == "generate" or self.explains):
            raise ValueError(
                "head=linear writes nothing; take head=labels, or leave decode and explains"
            )
        return self


class DecoderTraining(TrainerSettings):
    """How a language model is tuned; any other key is one of ``TrainingArguments``."""

    kind: Literal["decoder"] = "decoder"
    """The kind of model that this trains."""
    per_device_train_batch_size: Count = 16
    """Texts per training step."""
    learning_rate: Positive = 2e-4
    """Learning rate at its highest."""
    train_sampling_strategy: str = "random"
    """Order of the texts; ``group_by_length`` pads less where ``packing`` is off."""
    objective: Literal["labels", "answer"] = "labels"
    """What is learned: ``labels`` to tell the labels' words apart, also from shares of votes and
    labels known in part; ``answer`` to continue the prompt with the right words (the usual
    next-token loss, on the answer alone)."""
    packing: Switch = True
    """Whether the texts of a batch stand in one row behind one copy of the prompt, which computes
    the same with fewer tokens; else each in a row of its own, padded."""
    label_smoothing_factor: Share = 0.0
    """Share of each target, 0-1, spread over all labels, or over all words for ``answer``."""
