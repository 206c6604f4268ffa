"""Exports a decoder folder as GGUF with an Ollama Modelfile: a folder that llama.cpp computes."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gguf import GGUFWriter
from transformers import AutoTokenizer, PreTrainedModel

from hatelens.errors import ModelError
from hatelens.export import gguf_vocabulary, gguf_weights, modelfile
from hatelens.export.gguf_weights import Form
from hatelens.export.onnx import Proof, compare, copy_papers
from hatelens.models import causal, decoder, folder, llama_cpp, prompt_turns
from hatelens.models import prompt as prompts
from hatelens.models.base import BaseModel, recorded
from hatelens.models.classifier import Classifier
from hatelens.models.manifest import Base, Manifest
from hatelens.models.prompt_tokens import FILES
from hatelens.models.prompt_turns import Shot

FORMS: Mapping[str, tuple[Form, ...]] = {"gguf": ("q8_0", "q4_1"), "gguf-4bit": ("q4_1",)}
"""What is written, by the name of the form; the folder computes with the first."""
LEAST = 0.98
"""Share of texts on which a form should give the folder's label."""
_WORDS = 16
_SPECIAL = ("bos", "eos", "unk", "pad")


def export(source: str, out: Path, to: str, texts: Sequence[str]) -> dict[str, Proof]:
    """Write a decoder folder as GGUF and compare each form with it on texts.

    The result is a model folder of its own (runtime ``gguf``) that llama.cpp computes, with a
    Modelfile for Ollama.

    Args:
        source: model folder of the kind ``decoder`` with answers in words.
        out: folder to write; must not exist.
        to: ``gguf`` (8 bits, and 4 bits beside it) or ``gguf-4bit``.
        texts: to compare on.

    Returns:
        Per form, how close llama.cpp is to the folder; empty where llama.cpp is not installed.

    Raises:
        ModelError: the folder is of another kind or family, or cannot be written.
    """
    place = folder.find(source)
    manifest = folder.read(place)
    check(manifest, source)
    with folder.writing(out) as work:
        model = merged(place, manifest)
        gguf_weights.check(model.config)
        tokenizer = AutoTokenizer.from_pretrained(place, use_fast=True, trust_remote_code=False)
        for form in FORMS[to]:
            write(work / name(form), model, tokenizer, manifest.name, form)
        del model
        first = name(FORMS[to][0])
        modelled = _modelfile(tokenizer, place, manifest, first)
        (work / modelfile.FILE).write_text(modelled, encoding="utf-8")
        kept = _keep(place, work)
        exported = described(work, manifest, first, kept)
        folder.write_manifest(work, exported)
        proofs = _proofs(place, manifest, work, texts, dict.fromkeys(FORMS[to], kept))
        copy_papers(place, work, _note(manifest, exported, to))
    return proofs


def check(manifest: Manifest, source: str) -> None:
    """Check that a folder can be written as GGUF.

    Raises:
        ModelError: it is no decoder that answers in words.
    """
    settings = manifest.architecture
    if manifest.kind != "decoder" or manifest.runtime != "torch":
        raise ModelError(
            f"{source} is a {manifest.kind} model ({manifest.runtime}); only the folder of a "
            "decoder that training wrote can be exported to GGUF."
        )
    if settings["head"] != "labels":
        raise ModelError(f"{source} has a linear head, which llama.cpp does not compute.")


def name(form: Form) -> str:
    """Return the name of the file of a form."""
    return f"model-{form}.gguf"


def merged(place: Path, manifest: Manifest) -> PreTrainedModel:
    """Open a decoder folder in fp32, its adapter part of its weights.

    Raises:
        ModelError: its base is not at hand, or is another one.
    """
    if not manifest.architecture["adapter"]:
        record = manifest.base or Base(manifest.name, "folder", None, "")
        return causal.open_base(BaseModel(place, record))
    base = causal.open_base(recorded(place, manifest.base))
    return causal.merged(causal.with_adapter(base, place))


def write(path: Path, model: PreTrainedModel, tokenizer: Any, title: str, form: Form) -> None:
    """Write one GGUF file.

    Args:
        path: of the file.
        model: in fp32, without an adapter.
        tokenizer: of Transformers.
        title: what the file calls the model.
        form: of its matrices.

    Raises:
        ModelError: the model or its tokenizer is not of the Llama family.
    """
    written = json.loads(tokenizer.backend_tokenizer.to_str())
    ids = {each: getattr(tokenizer, f"{each}_token_id") for each in _SPECIAL}
    special = {each: number for each, number in ids.items() if number is not None}
    config: Any = model.config
    vocabulary = gguf_vocabulary.read(written, special, config.vocab_size)
    writer = GGUFWriter(path, "llama")
    writer.add_type("model")
    writer.add_name(title)
    gguf_weights.write_settings(writer, config, form)
    vocabulary.write(writer)
    if isinstance(tokenizer.chat_template, str):
        writer.add_chat_template(tokenizer.chat_template)
    gguf_weights.write(writer, model, form)
    writer.close()


def described(work: Path, original: Manifest, weights: str, kept: Sequence[str]) -> Manifest:
    """Return the manifest of an exported folder that computes with one of its files."""
    settings = dict(original.architecture) | {"file": weights, "adapter": None}
    files = folder.hashes(work, [weights, *kept])
    return replace(original, runtime=llama_cpp.RUNTIME, architecture=settings, files=files)


def _keep(place: Path, work: Path) -> list[str]:
    """Copy tokenizer and prompt, which make the tokens that llama.cpp is sent."""
    names = [each for each in (*FILES, prompts.FILE) if (place / each).is_file()]
    for each in names:
        (work / each).write_bytes((place / each).read_bytes())
    return names


def _modelfile(tokenizer: Any, place: Path, manifest: Manifest, weights: str) -> str:
    settings = manifest.architecture
    prompt = prompts.load(str(place / prompts.FILE), chat=settings["chat"])
    fields = {"labels": prompts.listed(settings["answers"].values())}
    shots = [Shot(shot["text"], shot["answer"]) for shot in settings.get("shots") or ()]
    pieces = prompt_turns.pieces(tokenizer, prompt, fields, shots)
    before = "".join(
        piece + prompt.quoted(shot.text) for piece, shot in zip(pieces, shots, strict=False)
    )
    before += pieces[-2]
    if prompt.chat and tokenizer.bos_token and _adds_bos(tokenizer):
        before = before.removeprefix(tokenizer.bos_token)  # Ollama puts it there itself
    stop = prompt_turns.after_answer(tokenizer).split("\n")[0] if prompt.chat else ""
    return modelfile.text(
        weights,
        before,
        pieces[-1],
        stop=stop or tokenizer.eos_token or "",
        context=settings["max_length"] + _WORDS,
        words=_WORDS,
    )


def _adds_bos(tokenizer: Any) -> bool:
    ids = tokenizer.backend_tokenizer.encode("a").ids
    return bool(ids) and ids[0] == tokenizer.bos_token_id


def _proofs(
    place: Path,
    manifest: Manifest,
    work: Path,
    texts: Sequence[str],
    forms: Mapping[Form, Sequence[str]],
) -> dict[str, Proof]:
    """Compare each form with the folder; without llama.cpp there is nothing to compare."""
    if importlib.util.find_spec("xllamacpp") is None:
        return {}
    original = Classifier(decoder.load(place, manifest), manifest)
    found: dict[str, Proof] = {}
    for form, kept in forms.items():
        exported = described(work, manifest, name(form), kept)
        scorer = llama_cpp.load(work, exported)
        try:
            found[form] = compare(original, Classifier(scorer, exported), texts)
        finally:
            scorer.close()
    return found


def _note(original: Manifest, exported: Manifest, to: str) -> str:
    return (
        f"> Exported as `{to}`: this folder is model version `{exported.model_version}`. What "
        f"follows describes version `{original.model_version}`, which it came from.\n\n"
    )
