"""The kind ``encoder``: a fine-tuned transformer, full or LoRA, with one or several heads."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, PreTrainedModel
from transformers.utils import logging as transformers_logging

from hatelens.errors import ModelError, require, unknown
from hatelens.labels import Floats, LabelSet
from hatelens.models.base import TOKENIZER, BaseModel, recorded
from hatelens.models.heads import Head, Outputs
from hatelens.models.manifest import Manifest
from hatelens.models.token_heads import MAIN, SPANS, outputs
from hatelens.models.tokens import Batch, Tokenizer
from hatelens.models.windows import Range

WEIGHTS = "model.safetensors"
HEADS = "heads.safetensors"
CONFIG = "config.json"
ADAPTER = ("adapter_config.json", "adapter_model.safetensors")
_BATCH = 32


class Encoder(torch.nn.Module):
    """A Transformers classifier with further heads on its hidden states.

    The classes are those of the classifier itself, so that its folder opens in
    ``transformers.pipeline``. Heads of type ``attributes`` and ``targets`` read the mean of the
    last hidden states, ``spans`` reads each of them.

    Args:
        classifier: a model for sequence classification, or one with an adapter.
        heads: the further heads.
    """

    def __init__(self, classifier: Any, heads: Sequence[Head] = ()) -> None:
        super().__init__()
        self.classifier: Any = classifier
        width = classifier.config.hidden_size
        self.types = {head.name: head.type for head in heads}
        self.heads = torch.nn.ModuleDict(
            {head.name: torch.nn.Linear(width, len(head.names)) for head in heads}
        )

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Return logits by name.

        Returns:
            ``logits`` of shape (texts, labels), each head of shape (texts, outputs), ``spans`` of
            shape (texts, tokens).
        """
        made = self.classifier(
            input_ids=input_ids,
            attention_mask=attention_mask,
            output_hidden_states=bool(self.types),
        )
        found = {MAIN: made.logits}
        if not self.types:
            return found
        states = made.hidden_states[-1]
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        mean = (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0)
        for name, kind in self.types.items():
            head = self.heads[name]
            found[SPANS if kind == "spans" else name] = (
                head(states).squeeze(-1) if kind == "spans" else head(mean)
            )
        return found

    def merged(self) -> Encoder:
        """Return a copy whose adapter, if it has one, is part of the weights: for an export."""
        made = copy.deepcopy(self)
        merge = getattr(made.classifier, "merge_and_unload", None)
        if merge is not None:
            made.classifier = merge()
        return made


class EncoderScorer:
    """An encoder with its tokenizer; a ``HeadScorer``.

    Args:
        encoder: the model.
        tokenizer: of the model.
    """

    def __init__(self, encoder: Encoder, tokenizer: Tokenizer) -> None:
        self.encoder = encoder
        self.tokenizer = tokenizer

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return raw scores of cleaned texts, shape (texts, labels)."""
        return self.outputs(texts).logits

    def outputs(self, texts: Sequence[str]) -> Outputs:
        """Return the raw scores of all heads for cleaned texts."""
        self.encoder.eval()
        return outputs(self.tokenizer, texts, self._run, _BATCH)

    def windows(self, text: str) -> list[Range]:
        """Cut a cleaned text into overlapping ranges that fit."""
        return self.tokenizer.windows(text)

    def _run(self, batch: Batch) -> Mapping[str, Floats]:
        with torch.inference_mode():
            made = self.encoder(
                torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask)
            )
        return {name: values.double().numpy() for name, values in made.items()}


def classifier(base: BaseModel, labels: LabelSet) -> PreTrainedModel:
    """Open a base model with a new classification head.

    Args:
        base: a Transformers folder.
        labels: the classes, written to its configuration as ``id2label``.
    """
    transformers_logging.set_verbosity_error()  # a new head is what we ask for
    transformers_logging.disable_progress_bar()
    return AutoModelForSequenceClassification.from_pretrained(
        base.folder,
        num_labels=len(labels),
        id2label=dict(enumerate(labels.names)),
        label2id={name: i for i, name in enumerate(labels.names)},
        attn_implementation="eager",  # what an export to ONNX can trace
        dtype=torch.float32,
        ignore_mismatched_sizes=True,
        use_safetensors=True,
        trust_remote_code=False,
    )


def adapted(model: PreTrainedModel, settings: Mapping[str, Any]) -> torch.nn.Module:
    """Freeze a classifier and give it a LoRA adapter; its classification head stays trainable.

    Args:
        model: from ``classifier``.
        settings: ``rank``, ``alpha``, ``dropout`` and ``targets``.

    Raises:
        ModelError: the base has no layer of a name in ``targets``, or one that cannot be adapted.
    """
    peft = require("peft", "train")
    _check_targets(model, settings["targets"])
    config = peft.LoraConfig(
        task_type="SEQ_CLS",
        r=settings["rank"],
        lora_alpha=settings["alpha"],
        lora_dropout=settings["dropout"],
        target_modules=list(settings["targets"]),
    )
    try:
        return peft.get_peft_model(model, config)
    except ValueError as error:
        raise ModelError(f"model.adapter does not fit the base: {error}") from None


def _check_targets(model: PreTrainedModel, targets: Sequence[str]) -> None:
    """Refuse a name that no layer bears: one among several would be passed over in silence."""
    names = [f".{name}" for name, _ in model.named_modules()]
    linear = [name for name, each in model.named_modules() if isinstance(each, torch.nn.Linear)]
    for target in targets:
        if not any(name.endswith(f".{target}") for name in names):
            raise ModelError(
                unknown("layer of the base in model.adapter.targets", target, _last(linear))
            )


def _last(names: Iterable[str]) -> set[str]:
    return {name.rsplit(".", 1)[-1] for name in names}


def save(encoder: Encoder, tokenizer: Path, folder: Path) -> tuple[str, ...]:
    """Write an encoder in Transformers' form, or its adapter in PEFT's, and return the files."""
    encoder.classifier.save_pretrained(folder)
    (folder / TOKENIZER).write_bytes(tokenizer.read_bytes())
    settings = tokenizer.with_name("tokenizer_config.json")
    if settings.is_file():  # for Transformers: hatelens reads tokenizer.json alone
        (folder / settings.name).write_bytes(settings.read_bytes())
    names = ADAPTER if (folder / ADAPTER[0]).is_file() else (WEIGHTS, CONFIG)
    if not encoder.types:
        return (*names, TOKENIZER)
    save_file(encoder.heads.state_dict(), folder / HEADS)
    return (*names, TOKENIZER, HEADS)


def load(folder: Path, manifest: Manifest) -> EncoderScorer:
    """Open a folder of this kind.

    Raises:
        ModelError: its base model is not at hand, or is not the one that the adapter was made for.
    """
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    settings = manifest.architecture
    model = _adapter(folder, manifest) if settings["adapter"] else _whole(folder)
    encoder = Encoder(model, manifest.heads)
    if manifest.heads:
        encoder.heads.load_state_dict(load_file(folder / HEADS))
    encoder.eval()
    return EncoderScorer(encoder, Tokenizer(folder / TOKENIZER, settings["max_length"]))


def _whole(folder: Path) -> PreTrainedModel:
    try:
        model, found = AutoModelForSequenceClassification.from_pretrained(
            folder,
            attn_implementation="eager",
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{folder} cannot be opened ({_first_line(error)}).") from None
    if found["missing_keys"]:
        missing = ", ".join(sorted(found["missing_keys"])[:3])
        raise ModelError(f"{folder} lacks weights of its own model ({missing}).")
    return model


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _adapter(folder: Path, manifest: Manifest) -> torch.nn.Module:
    base = recorded(folder, manifest.base)
    peft = require("peft", "train")
    try:
        return peft.PeftModel.from_pretrained(classifier(base, manifest.labels), folder)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"The adapter in {folder} does not fit {base.record.name!r} with the labels "
            f"{', '.join(manifest.labels.names)} ({_first_line(error)})."
        ) from None
