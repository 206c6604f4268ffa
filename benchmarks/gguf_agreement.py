"""How far an export to GGUF agrees with its folder: SmolLM2 with a prompt, on texts of the sample.

    python -m benchmarks.gguf_agreement --texts 200

Measures the labels of the 8-bit and the 4-bit form in llama.cpp against the folder in fp32, and
whether llama.cpp makes the same tokens.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import httpx
from transformers import AutoTokenizer

from hatelens.data import catalog
from hatelens.export import gguf
from hatelens.labels import LabelSet
from hatelens.models import causal, decoder, folder
from hatelens.models.base import resolve
from hatelens.models.local_server import LocalServer
from hatelens.models.manifest import Manifest

LABELS = LabelSet(("normal", "hateful"), ("hateful",))
ODD = (
    "  two  blanks  and 12345 67",
    "<|im_end|> is plain <|im_start|>text",
    "don't they're WE'LL \u00e9 e\u0301 \u65e5\u672c\u8a9e",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u202e right to left",
    "\x00\x1b[31m\t\r\n\u2028",
)
"""Texts on which tokenizers like to differ; the tests have hundreds more."""


def zero_shot(path: Path, base: str = "smollm2", prompt: str = "classify") -> Path:
    """Write a base model with a prompt, untuned, as a model folder."""
    found = resolve(base)
    settings: dict[str, Any] = {
        "kind": "decoder",
        "base": base,
        "precision": "fp32",
        "prompt": prompt,
        "chat": True,
        "max_length": 512,
        "head": "labels",
        "decode": "probability",
        "answers": {"normal": "normal", "hateful": "hateful"},
        "adapter": None,
    }
    tokens = decoder.prompted(found.folder, settings)
    with folder.writing(path) as work:
        files = decoder.save(causal.open_base(found), tokens, work)
        manifest = Manifest(
            name=f"{base}-zero-shot",
            kind="decoder",
            runtime="torch",
            labels=LABELS,
            architecture=settings,
            files=folder.hashes(work, files),
            base=found.record,
            package=importlib.metadata.version("hatelens"),
        )
        folder.write_manifest(work, manifest)
    return path


def tokens_differ(source: Path, weights: Path, texts: Iterable[str]) -> int:
    """Count texts of which llama.cpp makes other tokens than the tokenizer."""
    opened: Any = AutoTokenizer.from_pretrained(source)
    backend = opened.backend_tokenizer
    backend.encode_special_tokens = True
    server = LocalServer(weights, 512)
    differ = 0
    try:
        url = server.url()
        for text in texts:
            sound = text.encode("utf-8", "replace").decode()
            body = {"content": sound, "add_special": False, "parse_special": False}
            theirs = httpx.post(f"{url}/tokenize", json=body, timeout=120).json()["tokens"]
            differ += theirs != backend.encode(sound, add_special_tokens=False).ids
    finally:
        server.stop()
    return differ


def measure(place: Path, texts: int, odd: Sequence[str] = ODD) -> dict[str, Any]:
    """Export SmolLM2 and compare; one record per form."""
    source = zero_shot(place / "source")
    some = [example.text for example in catalog.load("sample").examples][:texts]
    proofs = gguf.export(str(source), place / "out", "gguf", some)
    found: dict[str, Any] = {
        form: {
            "texts": proof.texts,
            "label_agreement": proof.agreement,
            "largest_difference": proof.largest,
            "bytes": (place / "out" / f"model-{form}.gguf").stat().st_size,
        }
        for form, proof in proofs.items()
    }
    weights = place / "out" / "model-q8_0.gguf"
    differ = tokens_differ(source, weights, [*some, *odd])
    return found | {"tokens_compared": len(some) + len(odd), "tokens_differ": differ}


def main() -> None:
    """Measure and print one JSON record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=200)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(measure(Path(place), wanted.texts), indent=2))


if __name__ == "__main__":
    main()
