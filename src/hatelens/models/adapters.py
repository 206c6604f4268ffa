"""Several LoRA adapters on one base in memory: one per text of a batch, or their weighted sum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open

from hatelens.errors import ModelError, require
from hatelens.labels import Floats
from hatelens.models import manifest as manifests
from hatelens.models.manifest import Manifest
from hatelens.models.windows import Range
from hatelens.registry import Registry

FILES = ("adapter_config.json", "adapter_model.safetensors")
"""An adapter in PEFT's form."""
_ASKED = ("chat", "head", "decode", "answers")
"""How a language model is asked: the same for all adapters of one."""
OPENERS = Registry(
    "kind of model with adapters",
    {
        "encoder": "hatelens.models.adapted_encoder:load",
        "decoder": "hatelens.models.adapted_decoder:load",
    },
    ModelError,
)


class Adapted(Protocol):
    """A base with several adapters that classifies texts, whatever the base is."""

    names: tuple[str, ...]
    """The adapters."""

    def logits(self, texts: Sequence[str], adapters: Sequence[str]) -> Floats:
        """Return raw scores of cleaned texts, each by the adapter named for it.

        Args:
            texts: cleaned.
            adapters: as many names.

        Returns:
            Shape (texts, labels).
        """
        ...

    def combined(self, texts: Sequence[str], weights: Floats) -> Floats:
        """Return raw scores under a weighted sum of the adapters' updates, exactly.

        Args:
            texts: cleaned.
            weights: of each adapter for each text, shape (texts, adapters).

        Returns:
            Shape (texts, labels).
        """
        ...

    def windows(self, text: str) -> list[Range]:
        """Cut a cleaned text into overlapping ranges that fit."""
        ...


def opened(folders: Mapping[str, Path]) -> Adapted:
    """Open adapters on their common base.

    Args:
        folders: name to the adapter's model folder.

    Raises:
        ModelError: one is damaged, is no adapter, or does not go with the first.
    """
    read = {name: manifests.read(folder) for name, folder in folders.items()}
    first = next(iter(read.values()))
    for name, manifest in read.items():
        check(name, manifest, first)
    return OPENERS.load(first.kind)(folders, first)


def check(name: str, manifest: Manifest, other: Manifest) -> None:
    """Check that an adapter goes with others.

    Args:
        name: of the adapter.
        manifest: of its folder.
        other: of the folder of another adapter, or what one would be.

    Raises:
        ModelError: it is no adapter, or base or labels differ.
    """
    if not manifest.architecture.get("adapter"):
        raise ModelError(
            f"The adapter {name!r} is a whole {manifest.kind} model, not an adapter; train one "
            "with model.adapter={rank: 16}."
        )
    if manifest.heads:
        raise ModelError(
            f"The adapter {name!r} has further heads, of which a mixture knows nothing; train it "
            "without heads."
        )
    found, needed = _facts(manifest), _facts(other)
    for what, value in found.items():
        if value != needed.get(what, value):
            raise ModelError(
                f"The adapter {name!r} has the {what} {value}; the mixture needs {needed[what]}."
            )


def _facts(manifest: Manifest) -> dict[str, str]:
    """Return what adapters must have in common; how they ask, only where they do."""
    base, prompt = manifest.base, manifest.files.get("prompt.txt")
    asked = {
        name: str(value) for name, value in manifest.architecture.items() if name in _ASKED
    } | ({"prompt": f"of sha256 {prompt[:16]}"} if prompt else {})
    return asked | {
        "kind": manifest.kind,
        "base model": f"of sha256 {base.sha256[:16]}" if base else "none",
        "labels": ", ".join(manifest.labels.names),
    }


def attach(model: Any, folders: Mapping[str, Path]) -> Any:
    """Put adapters on a base.

    Args:
        model: the base, a Transformers model.
        folders: name to a folder that holds an adapter in PEFT's form.

    Returns:
        A PEFT model for inference.

    Raises:
        ModelError: a file is missing or damaged, or an adapter does not fit the base.
    """
    peft = require("peft", "train")
    made: Any = None
    for name, folder in folders.items():
        if not all((folder / file).is_file() for file in FILES):
            raise ModelError(f"{folder} holds no adapter; it needs {' and '.join(FILES)}.")
        try:
            if made is None:
                made = peft.PeftModel.from_pretrained(model, folder, adapter_name=name)
            else:
                made.load_adapter(folder, adapter_name=name)
            _check_whole(made, name, folder)
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            line = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise ModelError(f"The adapter in {folder} does not fit its base ({line}).") from None
    made.eval()
    _check_sums(made)
    return made


def _check_whole(model: Any, name: str, folder: Path) -> None:
    """Refuse an adapter of which weights are missing: PEFT would go on with random ones."""
    peft = require("peft", "train")
    needed = peft.get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
    with safe_open(folder / FILES[1], framework="pt") as file:
        missing = sorted(set(needed) - set(file.keys()))
    if missing:
        raise ValueError(f"it lacks {missing[0]}")


def _check_sums(model: Any) -> None:
    """Refuse adapters whose update is not a product of two matrices, or a linear layer on top.

    Raises:
        ModelError: there is one.
    """
    for layer in _layers(model):
        if layer.lora_variant or not isinstance(layer.get_base_layer(), torch.nn.Linear):
            raise ModelError("A mixture takes plain LoRA adapters of linear layers; found others.")
    for wrapper in _wrappers(model):
        if not isinstance(wrapper.original_module, torch.nn.Linear):
            raise ModelError(
                "A mixture needs a base with one linear layer on top; found "
                f"{type(wrapper.original_module).__name__}."
            )


@contextmanager
def weighted(model: Any, names: Sequence[str], weights: torch.Tensor) -> Iterator[None]:
    """Let each text of the batches inside have its own weighted sum of updates.

    A layer then computes ``W x + sum_a w_a (B_a A_a x) alpha_a / r_a``: the same as an adapter made
    by PEFT's ``add_weighted_adapter(..., combination_type="cat")``, without making one per text.
    Layers that are trained whole, as the one on top, become the weighted sum of their versions.

    Args:
        model: from ``attach``.
        names: the adapters.
        weights: shape (texts, adapters) with the texts of the batch; or (1, adapters) for all.
    """
    hooks = [
        each.register_forward_hook(_added(each, names, weights)) for each in _layers(model)
    ] + [each.register_forward_hook(_summed(each, names, weights)) for each in _wrappers(model)]
    try:
        with model.disable_adapter():
            yield
    finally:
        for hook in hooks:
            hook.remove()


Hook = Callable[[Any, tuple[Any, ...], torch.Tensor], torch.Tensor]


def _added(layer: Any, names: Sequence[str], weights: torch.Tensor) -> Hook:
    """Return what adds the weighted updates to the output of a frozen layer."""

    def hook(_: Any, given: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
        total = output
        for column, name in enumerate(names):
            if name not in layer.lora_A:
                continue  # it leaves this layer as it is
            down, up = layer.lora_A[name], layer.lora_B[name]
            update = up(down(given[0].to(down.weight.dtype))) * layer.scaling[name]
            total = total + (_spread(weights[:, column], update) * update).to(output.dtype)
        return total

    return hook


def _summed(wrapper: Any, names: Sequence[str], weights: torch.Tensor) -> Hook:
    """Return what replaces the output of a layer by the weighted sum of its trained versions."""

    def hook(_: Any, given: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
        total = torch.zeros_like(output)
        for column, name in enumerate(names):
            known = name in wrapper.modules_to_save
            made = wrapper.modules_to_save[name](given[0]) if known else output
            total = total + _spread(weights[:, column], made) * made
        return total

    return hook


def _spread(weights: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Shape the weight of each text so that it multiplies all of its values."""
    return weights.to(values).view(-1, *[1] * (values.dim() - 1))


def _layers(model: Any) -> Iterator[Any]:
    lora = require("peft.tuners.lora", "train")
    return (each for each in model.modules() if isinstance(each, lora.LoraLayer))


def _wrappers(model: Any) -> Iterator[Any]:
    other = require("peft.utils.other", "train")
    return (each for each in model.modules() if isinstance(each, other.ModulesToSaveWrapper))
