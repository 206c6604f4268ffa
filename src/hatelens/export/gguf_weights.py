"""The weights of a Llama model as GGUF holds them: names, order of rows, quantised blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from numpy.typing import NDArray
from transformers import PreTrainedModel

from hatelens.errors import ModelError
from hatelens.progress import track

FAMILY = ("llama", "mistral")
"""Values of ``model_type`` that llama.cpp computes with its Llama graph."""
Form = Literal["q8_0", "q4_1"]
FORMS: tuple[Form, ...] = ("q8_0", "q4_1")
_TYPES = {"q8_0": Type.Q8_0, "q4_1": Type.Q4_1}
_FILES = {"q8_0": gguf.LlamaFileType.MOSTLY_Q8_0, "q4_1": gguf.LlamaFileType.MOSTLY_Q4_1}
_OUTER = ("token_embd.weight", "output.weight")
"""Kept at 8 bits in the 4-bit form, too: the answer is read off them."""
_ROPE = "rope_freqs.weight"

Array = NDArray[Any]


@dataclass(frozen=True)
class Plan:
    """How one tensor is written.

    Attributes:
        name: in GGUF.
        source: in Transformers.
        heads: of attention whose rows are put in llama.cpp's order; 0 for none.
        type: what its numbers are written as.
        shape: rows first.
    """

    name: str
    source: str
    heads: int
    type: Type
    shape: tuple[int, ...]


def check(config: Any) -> None:
    """Check that llama.cpp computes a model as Transformers does.

    Raises:
        ModelError: it is of another family, or has parts that are not known.
    """
    if config.model_type not in FAMILY:
        raise ModelError(
            f"Only models of the Llama family ({', '.join(FAMILY)}) can be written as GGUF; this "
            f"one is {config.model_type!r}. Use llama.cpp's own converter for it."
        )
    kind = _rope(config)["rope_type"]
    if config.hidden_act != "silu" or kind not in {"default", "llama3"}:
        raise ModelError(
            f"This Llama model has parts that are not known ({config.hidden_act}, positions "
            f"{kind}). Use llama.cpp's own converter for it."
        )


def write_settings(writer: gguf.GGUFWriter, config: Any, form: Form) -> None:
    """Write the metadata that rebuilds the model."""
    heads = config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.num_key_value_heads or heads)
    writer.add_key_length(width)
    writer.add_value_length(width)
    writer.add_rope_dimension_count(width)
    writer.add_rope_freq_base(float(_rope(config)["rope_theta"]))
    writer.add_layer_norm_rms_eps(float(config.rms_norm_eps))
    writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(_FILES[form])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def write(writer: gguf.GGUFWriter, model: PreTrainedModel, form: Form) -> None:
    """Write the header and all tensors, one in memory at a time.

    Raises:
        ModelError: the model has a tensor that llama.cpp does not know.
    """
    weights = model.state_dict()
    plans = list(_plans(model, weights, form))
    extra = _scaled_positions(model.config)
    for plan in plans:
        _announce(writer, plan)
    if extra is not None:
        writer.add_tensor_info(_ROPE, extra.shape, extra.dtype, extra.nbytes)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for plan in track(plans, f"Writing {form}"):
        writer.write_tensor_data(values(weights[plan.source], plan))
    if extra is not None:
        writer.write_tensor_data(extra)


def values(tensor: torch.Tensor, plan: Plan) -> Array:
    """Return a tensor's numbers in the order and the type in which they are written."""
    array = tensor.detach().float().cpu().numpy()
    if plan.heads:
        array = reordered(array, plan.heads)
    return gguf.quants.quantize(np.ascontiguousarray(array), plan.type)


def reordered(array: Array, heads: int) -> Array:
    """Put the rows of a query or key matrix in llama.cpp's order, shape unchanged.

    Transformers turns the first half of a head against its second, llama.cpp neighbours.
    """
    half = array.shape[0] // heads // 2
    return array.reshape(heads, 2, half, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)


def _plans(
    model: PreTrainedModel, weights: Mapping[str, torch.Tensor], form: Form
) -> Iterator[Plan]:
    config: Any = model.config
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    inner: Any = model
    output, embedding = inner.get_output_embeddings(), inner.get_input_embeddings()
    tied = output.weight.data_ptr() == embedding.weight.data_ptr()
    for source, tensor in weights.items():
        if tied and source.startswith("lm_head."):
            continue  # llama.cpp takes the embeddings where there is no output matrix
        name = names.get_name(source, try_suffixes=(".weight", ".bias"))
        if name is None:
            raise ModelError(
                f"The model has weights that are not known to llama.cpp ({source}). Use "
                "llama.cpp's own converter for it."
            )
        shape = tuple(tensor.shape)
        yield Plan(name, source, _heads(source, config), _type(name, shape, form), shape)


def _heads(source: str, config: Any) -> int:
    if ".q_proj." in source:
        return config.num_attention_heads
    if ".k_proj." in source:
        return config.num_key_value_heads or config.num_attention_heads
    return 0


def _type(name: str, shape: tuple[int, ...], form: Form) -> Type:
    """Choose what a tensor is written as: vectors, and rows that do not fit blocks, stay whole."""
    if len(shape) < 2 or shape[-1] % 32:
        return Type.F32
    return Type.Q8_0 if name in _OUTER else _TYPES[form]


def _announce(writer: gguf.GGUFWriter, plan: Plan) -> None:
    if plan.type == Type.F32:
        size = 4 * math.prod(plan.shape)
        writer.add_tensor_info(plan.name, plan.shape, np.dtype(np.float32), size)
        return
    shape = gguf.quants.quant_shape_to_byte_shape(plan.shape, plan.type)
    writer.add_tensor_info(
        plan.name, shape, np.dtype(np.uint8), math.prod(shape), raw_dtype=plan.type
    )


def _rope(config: Any) -> dict[str, Any]:
    """Return how positions are turned, in the shape of Transformers 5."""
    given = dict(getattr(config, "rope_parameters", None) or {})
    return {"rope_type": "default", "rope_theta": 10_000.0} | given


def _scaled_positions(config: Any) -> Array | None:
    """Return Llama 3.1's factors of the turning frequencies; None where there are none.

    Source: ``_compute_llama3_parameters`` of Transformers.
    """
    rope = _rope(config)
    if rope["rope_type"] != "llama3":
        return None
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    turns = float(rope["rope_theta"]) ** (-np.arange(0, width, 2) / width)
    length = 2 * np.pi / turns
    trained, factor = rope["original_max_position_embeddings"], rope["factor"]
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    share = np.clip((trained / length - low) / (high - low), 0.0, 1.0)
    return (1.0 / ((1.0 - share) / factor + share)).astype(np.float32)
