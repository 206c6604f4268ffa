"""Base models that packages carry as GGUF: turned once into a Transformers folder."""

from __future__ import annotations

import json
import shutil
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hatelens.errors import ModelError, require
from hatelens.models.manifest import sha256
from hatelens.progress import track

RECORD = "conversion.json"
"""What was converted, with the hashes of both sides."""
_WEIGHTS = "model.safetensors"


def convert(gguf: Path, expected: str, target: Path) -> None:
    """Turn a GGUF file into a Transformers folder in fp32, unless that has been done.

    The folder appears whole or not at all. Quantised weights are multiplied out, so that the
    model can be trained; nothing else of them changes.

    Args:
        gguf: the file.
        expected: its sha256.
        target: the folder.

    Raises:
        ModelError: the file is another one, the folder is damaged, or the file cannot be read.
        MissingExtraError: the library that reads GGUF is missing.
    """
    if target.is_dir():
        _check(target, expected)
        return
    found = sha256(gguf)
    if found != expected:
        raise ModelError(
            f"{gguf} is not the file that hatelens knows (sha256 {found[:12] or 'none'}): install "
            "its package again."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, ignore_cleanup_errors=True) as work:
        made = Path(work) / "model"
        _convert(gguf, made)
        (made / RECORD).write_text(_record(expected, made), encoding="utf-8")
        for path in made.iterdir():
            path.chmod(0o644)
        try:
            made.rename(target)
        except OSError:  # another process was faster
            _check(target, expected)


def _check(folder: Path, expected: str) -> None:
    path = folder / RECORD
    written = path.read_text(encoding="utf-8") if path.is_file() else ""
    if written != _record(expected, folder):
        raise ModelError(f"{folder} is damaged; delete it, and it is made again.")


def _record(gguf: str, folder: Path) -> str:
    record = {"gguf": gguf, "weights": sha256(folder / _WEIGHTS)}
    return json.dumps(record, indent=2) + "\n"


def _convert(gguf: Path, made: Path) -> None:
    transformers = require("transformers", "train")
    transformers.utils.logging.disable_progress_bar()  # one bar is enough
    require("gguf", "llm")
    made.mkdir()
    steps: list[Callable[[Any, Path, Path], None]] = [_tokenizer, _weights]
    try:
        for step in track(steps, f"Converting {gguf.name}", total=len(steps)):
            step(transformers, gguf, made)
    except (OSError, ValueError, KeyError, struct.error) as error:
        shutil.rmtree(made, ignore_errors=True)
        line = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(f"{gguf} cannot be converted ({line}).") from None


def _tokenizer(transformers: Any, gguf: Path, made: Path) -> None:
    opened = transformers.AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    opened.save_pretrained(made)


def _weights(transformers: Any, gguf: Path, made: Path) -> None:
    torch = require("torch", "train")
    model = transformers.AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    )
    output, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    config = model.config
    config.tie_word_embeddings = torch.equal(output.weight, embedding.weight)
    if hasattr(config, "quantization_config"):
        del config.quantization_config  # save_pretrained refuses a model read from GGUF
    plain = type(model)._from_config(config, dtype=torch.float32)  # noqa: SLF001 -- as Transformers does
    plain.load_state_dict(model.state_dict())
    plain.tie_weights()
    plain.generation_config = model.generation_config
    plain.save_pretrained(made)
