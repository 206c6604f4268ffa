"""Causal language models: a base opened in a precision, with an adapter, with a head of its own."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    BitsAndBytesConfig,
    PreTrainedModel,
)
from transformers.utils import logging as transformers_logging

from hatelens.errors import MissingExtraError, ModelError, require, unknown
from hatelens.labels import LabelSet
from hatelens.models.base import BaseModel

PRECISIONS = ("fp32", "bf16", "int8", "nf4")
"""``int8`` and ``nf4`` are quantised by bitsandbytes, nf4 twice (Dettmers et al. 2023)."""

QUANTISED = ("int8", "nf4")
"""Those whose weights cannot be trained: an adapter is."""

_CHECKPOINTING = {"use_reentrant": False}
_PACKS = "support_avx512bf16_for_cpu"


def open_base(base: BaseModel, precision: str = "fp32") -> PreTrainedModel:
    """Open a base model for next-token prediction.

    Args:
        base: a Transformers folder with weights in safetensors; no code of it is run.
        precision: of ``PRECISIONS``. On a GPU the model is placed there.

    Raises:
        ModelError: there is no such precision, or the folder holds no causal language model.
        MissingExtraError: quantisation needs bitsandbytes.
    """
    return _opened(AutoModelForCausalLM.from_pretrained, base, precision)


def open_classifier(
    base: BaseModel, labels: LabelSet, pad: int, precision: str = "fp32"
) -> PreTrainedModel:
    """Open a base model with a new classification head on its last token.

    Args:
        base: a Transformers folder.
        labels: the classes, written to its configuration as ``id2label``.
        pad: the padding token: the head reads the last token that is another.
        precision: of the base; the head stays as it is.

    Raises:
        ModelError: the folder holds no model that can be given one.
    """
    transformers_logging.set_verbosity_error()  # a new head is what we ask for
    return _opened(
        AutoModelForSequenceClassification.from_pretrained,
        base,
        precision,
        num_labels=len(labels),
        id2label=dict(enumerate(labels.names)),
        label2id={name: i for i, name in enumerate(labels.names)},
        pad_token_id=pad,
    )


def with_adapter(model: PreTrainedModel, folder: Path) -> Any:
    """Put the adapter of a folder, in PEFT's form, on an opened base model.

    Raises:
        ModelError: it does not fit the base.
    """
    peft = require("peft", "train")
    try:
        return peft.PeftModel.from_pretrained(_ready(model, folder), folder).eval()
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise ModelError(
            f"The adapter in {folder} does not fit the base model ({_first_line(error)})."
        ) from None


def adapted(model: PreTrainedModel, settings: Mapping[str, Any], task: str = "CAUSAL_LM") -> Any:
    """Freeze a model and give it a LoRA adapter.

    Args:
        model: from ``open_base`` or ``open_classifier``.
        settings: ``rank``, ``alpha``, ``dropout``, ``targets`` (names of layers, or
            ``all-linear``) and ``bias`` (``none``, ``all`` or ``lora_only``).
        task: of PEFT; ``SEQ_CLS`` keeps the classification head trainable.

    Raises:
        ModelError: the base has no layer of a name in ``targets``, or one that cannot be adapted.
    """
    peft = require("peft", "train")
    targets = settings["targets"]
    everything = targets in ("all-linear", ["all-linear"], ("all-linear",))
    if not everything:
        _check_targets(model, targets)
        model = untied(model) if "lm_head" in targets else model
    config = peft.LoraConfig(
        task_type=task,
        r=settings["rank"],
        lora_alpha=settings["alpha"],
        lora_dropout=settings["dropout"],
        target_modules="all-linear" if everything else list(targets),
        bias=settings.get("bias", "none"),
    )
    try:
        return peft.get_peft_model(model, config)
    except ValueError as error:
        raise ModelError(f"model.adapter does not fit the base: {error}") from None


def trainable(model: PreTrainedModel, precision: str, *, checkpointing: bool) -> Any:
    """Make an opened base ready to be trained, whole or through an adapter.

    Args:
        model: from ``open_base`` or ``open_classifier``.
        precision: it was opened in.
        checkpointing: compute activations twice in order to hold fewer of them.
    """
    if precision in QUANTISED:
        return require("peft", "train").prepare_model_for_kbit_training(
            model,
            use_gradient_checkpointing=checkpointing,
            gradient_checkpointing_kwargs=_CHECKPOINTING,
        )
    if checkpointing:
        model.gradient_checkpointing_enable(_CHECKPOINTING)
    return model


def untied(model: PreTrainedModel) -> PreTrainedModel:
    """Give the output layer weights of its own where it shares those of the embeddings.

    An adapter on ``lm_head`` would otherwise, when merged, change the embeddings too.
    """
    inner: Any = model
    output, embedding = inner.get_output_embeddings(), inner.get_input_embeddings()
    if output is None or output.weight is not embedding.weight:
        return model
    output.weight = torch.nn.Parameter(
        embedding.weight.detach().clone(), requires_grad=embedding.weight.requires_grad
    )
    inner.config.tie_word_embeddings = False
    inner.config.get_text_config().tie_word_embeddings = False
    return model


def merged(model: Any) -> PreTrainedModel:
    """Return a model whose adapter is part of its weights: for an export.

    Raises:
        ModelError: its output layer shares weights that the merge would change.
    """
    if not hasattr(model, "merge_and_unload"):
        return model
    return model.merge_and_unload()


def _opened(
    opener: Callable[..., PreTrainedModel], base: BaseModel, precision: str, **more: Any
) -> PreTrainedModel:
    if precision not in PRECISIONS:
        raise ModelError(unknown("precision", precision, PRECISIONS))
    transformers_logging.disable_progress_bar()
    placed: dict[str, Any] = {"device_map": {"": 0}} if torch.cuda.is_available() else {}
    if precision in QUANTISED:
        placed["quantization_config"] = _quantised(precision)
    try:
        model = opener(
            base.folder,
            dtype=_dtype(precision),
            use_safetensors=True,
            trust_remote_code=False,
            **placed,
            **more,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"{base.folder} cannot be opened as a language model ({_first_line(error)})."
        ) from None
    return _unpacked(model).eval()


def _unpacked(model: PreTrainedModel) -> PreTrainedModel:
    """Keep bitsandbytes from packing 4-bit weights anew when a CPU with bf16 products reads.

    Packed weights give other scores than elsewhere, and training that goes on after a measurement
    would lose the gradients of all layers but the last without a word.
    """
    for each in model.modules():
        if hasattr(each, _PACKS):
            setattr(each, _PACKS, False)
    return model


def _quantised(precision: str) -> BitsAndBytesConfig:
    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingExtraError(
            f"The precision {precision} needs bitsandbytes, which is not installed. Install it "
            'with: pip install "hatelens[llm]"'
        )
    if precision == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=_dtype(precision),
    )


def _dtype(precision: str) -> torch.dtype:
    """Return what is computed in: a CPU without products of bf16 takes minutes for them."""
    if precision == "bf16" or (precision != "fp32" and torch.cuda.is_available()):
        return torch.bfloat16
    return torch.float32


def _ready(model: PreTrainedModel, folder: Path) -> PreTrainedModel:
    """Untie a base whose adapter adapts the output layer."""
    config = require("peft", "train").PeftConfig.from_pretrained(folder)
    return untied(model) if "lm_head" in (config.target_modules or ()) else model


def _check_targets(model: PreTrainedModel, targets: Any) -> None:
    """Refuse a name that no layer bears: one among several would be passed over in silence."""
    named = [name for name, _ in model.named_modules()]
    linear = {
        name.rsplit(".", 1)[-1]
        for name, each in model.named_modules()
        if isinstance(each, torch.nn.Linear)
    }
    for target in targets:
        if not any(f".{name}".endswith(f".{target}") for name in named):
            raise ModelError(unknown("layer of the base in model.adapter.targets", target, linear))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
