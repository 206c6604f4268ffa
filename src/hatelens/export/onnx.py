"""Exports a model folder to ONNX, so that it detects without torch, and proves it equal."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from hatelens.errors import ModelError, unknown
from hatelens.export import linear_graph, token_graph
from hatelens.labels import Floats
from hatelens.models import folder
from hatelens.models.classifier import Classifier
from hatelens.models.graph import WEIGHTS
from hatelens.models.linear import Linear
from hatelens.models.manifest import Manifest
from hatelens.models.tokens import FILE as TOKENIZER

Form = Literal["onnx", "onnx-int8"]
FORMS: tuple[Form, ...] = ("onnx", "onnx-int8")
KINDS = ("linear", "two_stage", "encoder")
TOLERANCE = 1e-4
"""Largest difference of a probability that counts as equal, for ``onnx``."""


@dataclass(frozen=True)
class Proof:
    """How close an exported model is to the one it came from.

    Attributes:
        texts: how many texts both scored.
        largest: largest difference of any probability.
        agreement: share of texts with the same label, 0-1.
    """

    texts: int
    largest: float
    agreement: float


def export(source: str, out: Path, to: Form, texts: Sequence[str]) -> Proof:
    """Write a folder's model as ONNX into a folder of its own and compare the two.

    Args:
        source: model folder, with runtime ``numpy`` or ``torch``.
        out: folder to write; must not exist.
        to: ``onnx`` (32-bit floats) or ``onnx-int8`` (dynamically quantised).
        texts: to compare on.

    Returns:
        How close they are.

    Raises:
        ModelError: the folder is ONNX already, its kind cannot take the form, or an ``onnx``
            export is not equal.
    """
    original = folder.classifier(source)
    if original.manifest.runtime == "onnx":
        raise ModelError(f"{source} is ONNX already; export the folder that training wrote.")
    if original.manifest.kind not in KINDS:
        raise ModelError(
            f"{source} is a {original.manifest.kind} model, which has no ONNX form; a decoder can "
            "be exported with --to gguf."
        )
    with folder.writing(out) as work:
        _write(folder.find(source), original, work, to)
        exported = folder.classifier(str(work))
        proof = compare(original, exported, texts)
        if to == "onnx" and proof.largest > TOLERANCE:
            raise ModelError(
                f"The ONNX model differs from {source} by {proof.largest:.2g} in a probability; "
                f"at most {TOLERANCE:g} is allowed. Please report this."
            )
    return proof


def form(name: str) -> Form:
    """Read the name of a form.

    Raises:
        ModelError: there is no such form.
    """
    for known in FORMS:
        if name == known:
            return known
    raise ModelError(unknown("form", name, FORMS))


def compare(first: Classifier, second: Classifier, texts: Sequence[str]) -> Proof:
    """Score texts with two models of the same labels and heads and say how far they are apart."""
    one, other = (_probabilities(model, texts) for model in (first, second))
    apart = max(float(np.abs(a - b).max(initial=0.0)) for a, b in zip(one, other, strict=True))
    same = one[0].argmax(axis=1) == other[0].argmax(axis=1)
    return Proof(len(texts), apart, float(same.mean()))


def _probabilities(model: Classifier, texts: Sequence[str]) -> list[Floats]:
    """Return what a model gives for texts: the classes first, then each further head."""
    outputs = model.outputs(texts)
    found = [model.manifest.calibration.apply(outputs.logits)]
    for head in model.manifest.heads:
        logits = (
            np.concatenate([one.logits for one in outputs.tokens])[:, None]
            if head.type == "spans"
            else outputs.heads[head.name]
        )
        found.append(head.probabilities(logits))
    return found


def _write(source: Path, original: Classifier, work: Path, to: Form) -> None:
    manifest = original.manifest
    graph = work / WEIGHTS
    if isinstance(original.scorer, Linear):
        if to == "onnx-int8":
            raise ModelError("A linear model has no int8 form; use --to onnx.")
        linear_graph.write(original.scorer, graph)
        files = [WEIGHTS]
    else:
        token_graph.write(_module(original.scorer), graph)
        shutil.copy(source / TOKENIZER, work)
        files = [WEIGHTS, TOKENIZER]
    if to == "onnx-int8":
        _quantise(graph)
    exported = replace(manifest, runtime="onnx", files=folder.hashes(work, files))
    folder.write_manifest(work, exported)
    copy_papers(source, work, _note(manifest, exported, to))


def _module(scorer: Any) -> torch.nn.Module:
    """Return the torch module of a scorer; an adapter is put into the weights it belongs to."""
    from hatelens.models.encoder import EncoderScorer  # imports transformers

    return scorer.encoder.merged() if isinstance(scorer, EncoderScorer) else scorer


def _quantise(graph: Path) -> None:
    """Quantise weights to int8 per channel, in 7 bits: processors without VNNI overflow at 8."""
    whole = graph.with_suffix(".float.onnx")
    graph.rename(whole)
    settings = {"weight_type": QuantType.QInt8, "per_channel": True, "reduce_range": True}
    logging.disable(logging.WARNING)  # onnxruntime gives advice on the root logger
    try:
        quantize_dynamic(whole, graph, **settings)
    finally:
        logging.disable(logging.NOTSET)
    whole.unlink()


def _note(original: Manifest, exported: Manifest, to: Form) -> str:
    return (
        f"> Exported as `{to}`: this folder is model version `{exported.model_version}`. What "
        f"follows describes version `{original.model_version}`, which it came from.\n\n"
    )


def copy_papers(source: Path, work: Path, note: str) -> None:
    """Take the model card, under a note, the configuration and the report along."""
    if (source / folder.CARD).is_file():
        card = (source / folder.CARD).read_text(encoding="utf-8")
        (work / folder.CARD).write_text(note + card, encoding="utf-8")
    if (source / folder.CONFIG).is_file():
        shutil.copy(source / folder.CONFIG, work)
    if (source / folder.REPORT).is_dir():
        shutil.copytree(source / folder.REPORT, work / folder.REPORT)
