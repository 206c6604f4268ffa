"""Writes a ``linear`` model as an ONNX graph from n-gram counts to logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hatelens.models.linear import Linear

_OPSET = 17


def write(model: Linear, path: Path) -> None:
    """Write weighting, scaling and the linear layer as one graph.

    Inputs ``buckets`` (int64) and ``counts`` (float32, 0 for padding) have shape (texts, n-grams);
    the output ``logits`` is float32 of shape (texts, labels).
    """
    shape = ["texts", "ngrams"]
    graph = helper.make_graph(
        _nodes(),
        "linear",
        [
            helper.make_tensor_value_info("buckets", TensorProto.INT64, shape),
            helper.make_tensor_value_info("counts", TensorProto.FLOAT, shape),
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", len(model.bias)])],
        _constants(model),
    )
    exported = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    exported.ir_version = 10
    onnx.checker.check_model(exported)
    onnx.save(exported, path)


def _nodes() -> list[onnx.NodeProto]:
    """Return value = (1 + log count) x idf where count > 0, then scale to length 1 and multiply."""
    node = helper.make_node
    return [
        node("Max", ["counts", "one"], ["at_least_one"]),
        node("Log", ["at_least_one"], ["log"]),
        node("Add", ["log", "one"], ["damped"]),
        node("Min", ["counts", "one"], ["present"]),
        node("Mul", ["damped", "present"], ["weighed"]),
        node("Gather", ["idf", "buckets"], ["rarity"]),
        node("Mul", ["weighed", "rarity"], ["values"]),
        node("ReduceL2", ["values"], ["norm"], axes=[1], keepdims=1),
        node("Max", ["norm", "tiny"], ["length"]),
        node("Div", ["values", "length"], ["unit"]),
        node("Unsqueeze", ["unit", "first_axis"], ["row"]),
        node("Gather", ["weight", "buckets"], ["weights"]),
        node("MatMul", ["row", "weights"], ["product"]),
        node("Squeeze", ["product", "first_axis"], ["sums"]),
        node("Add", ["sums", "bias"], ["logits"]),
    ]


def _constants(model: Linear) -> list[onnx.TensorProto]:
    constants = {
        "idf": model.idf,
        "weight": model.weight,
        "bias": model.bias,
        "one": np.ones(1, np.float32),
        "tiny": np.full(1, 1e-12, np.float32),
        "first_axis": np.array([1], np.int64),
    }
    return [numpy_helper.from_array(values, name) for name, values in constants.items()]
