"""``hatelens export``: another form of a model folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer


def command(
    model: Annotated[str, typer.Argument(help="Model folder, or 'default'.")],
    to: Annotated[str, typer.Option("--to", help="Form: onnx or onnx-int8.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a model in another form and prove it equal."""
    from hatelens.data import catalog
    from hatelens.errors import require

    require("onnx", "train")
    from hatelens.export import onnx

    texts = [example.text for example in catalog.load("sample").examples][:500]
    proof = onnx.export(model, out, onnx.form(to), texts)
    if as_json:
        record = {
            "out": str(out),
            "texts": proof.texts,
            "largest_difference": proof.largest,
            "label_agreement": proof.agreement,
        }
        sys.stdout.write(json.dumps(record) + "\n")
        return
    sys.stderr.write(
        f"Compared on {proof.texts} texts: largest difference of a probability "
        f"{proof.largest:.2g}, same label on {proof.agreement:.1%}.\n"
    )
    sys.stdout.write(f"{out}\n")
