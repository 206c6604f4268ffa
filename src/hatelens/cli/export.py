"""``hatelens export``: another form of a model folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.errors import ModelError, require, unknown

if TYPE_CHECKING:
    from hatelens.export.onnx import Proof

ONNX = ("onnx", "onnx-int8")
GGUF = ("gguf", "gguf-4bit")
TEXTS = 500
TEXTS_OF_LLM = 200
"""A language model takes about a second for a text where there is no GPU."""


def command(
    model: Annotated[str, typer.Argument(help="Model folder, or 'default'.")],
    to: Annotated[str, typer.Option("--to", help="Form: onnx, onnx-int8, gguf or gguf-4bit.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a model in another form and prove it equal."""
    from hatelens.data import catalog

    if to not in (*ONNX, *GGUF):
        raise ModelError(unknown("form", to, (*ONNX, *GGUF)))
    require("onnx", "train")
    texts = [example.text for example in catalog.load("sample").examples]
    if to in ONNX:
        from hatelens.export import onnx

        _say(out, {to: onnx.export(model, out, onnx.form(to), texts[:TEXTS])}, as_json=as_json)
        return
    require("gguf", "llm")
    from hatelens.export import gguf

    proofs = gguf.export(model, out, to, texts[:TEXTS_OF_LLM])
    if not proofs:
        sys.stderr.write(
            "Not compared with the folder: xllamacpp is not installed "
            '(pip install "hatelens[remote]").\n'
        )
    _say(out, proofs, as_json=as_json)
    for form, proof in proofs.items():
        if proof.agreement < gguf.LEAST:
            sys.stderr.write(
                f"{form}: that is less than {gguf.LEAST:.0%}. The model is often undecided on such "
                "texts, or does not stand so few bits; measure the export before you use it.\n"
            )


def _say(out: Path, proofs: Mapping[str, Proof], *, as_json: bool) -> None:
    if as_json:
        records = {form: _record(proof) for form, proof in proofs.items()}
        whole = next(iter(records.values())) if len(records) == 1 else {"forms": records}
        sys.stdout.write(json.dumps({"out": str(out), **whole}) + "\n")
        return
    for form, proof in proofs.items():
        what = f"{form}: " if len(proofs) > 1 else ""
        sys.stderr.write(
            f"{what}Compared on {proof.texts} texts: largest difference of a probability "
            f"{proof.largest:.2g}, same label on {proof.agreement:.1%}.\n"
        )
    sys.stdout.write(f"{out}\n")


def _record(proof: Proof) -> dict[str, float]:
    return {
        "texts": proof.texts,
        "largest_difference": proof.largest,
        "label_agreement": proof.agreement,
    }
