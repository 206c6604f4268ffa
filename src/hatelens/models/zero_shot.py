"""A base language model as a detector without any training: it is only asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatelens import text as cleaning
from hatelens.labels import LabelSet
from hatelens.models import causal, manifest, prompt
from hatelens.models.base import BaseModel, resolve
from hatelens.models.classifier import Classifier
from hatelens.models.decoder import DecoderScorer, prompted
from hatelens.models.manifest import Manifest
from hatelens.models.prompt_tokens import FILES
from hatelens.models.prompt_turns import Shot

PROMPT = "classify"
_OWN_TURNS = "[INST]"
"""A prompt that holds this writes its turns itself."""


@dataclass(frozen=True)
class Question:
    """What a base model is asked.

    Attributes:
        prompt: name of a shipped prompt, or a file.
        labels: what it may answer; each label is its own word.
        shots: examples that stand before each text.
        decode: ``probability`` or ``generate``.
        max_length: tokens of the prompt with its text; the shots' tokens come on top.
    """

    prompt: str
    labels: LabelSet
    shots: tuple[Shot, ...] = ()
    decode: str = "probability"
    max_length: int = 512


def detector(name: str, question: Question, precision: str = "fp32") -> Classifier:
    """Open a base model to be asked, without calibration and with thresholds of 0.5.

    Args:
        name: of the base: a packaged one as ``smollm2``, a folder, or a hub id as
            ``owner/name@REVISION``.
        question: what it is asked.
        precision: of ``causal.PRECISIONS``.

    Raises:
        ModelError: the base, the prompt or the precision does not exist.
        MissingExtraError: a library is missing.
    """
    plain, _, revision = name.partition("@") if not Path(name).is_dir() else (name, "", "")
    base = resolve(plain, revision or None)
    settings = _settings(base, question, precision)
    tokens = prompted(base.folder, settings)
    model = causal.open_base(base, precision)
    return Classifier(DecoderScorer(model, tokens, settings), _manifest(base, settings, question))


def _settings(base: BaseModel, question: Question, precision: str) -> dict[str, Any]:
    answers = {label: label for label in question.labels.names}
    shots = [{"text": shot.text, "answer": shot.answer} for shot in question.shots]
    settings: dict[str, Any] = {
        "kind": "decoder",
        "base": base.record.name,
        "precision": precision,
        "prompt": question.prompt,
        "chat": _chats(base.folder, question.prompt),
        "max_length": question.max_length,
        "head": "labels",
        "decode": question.decode,
        "answers": answers,
        "adapter": None,
        "generation": {},
        "shots": [],
    }
    if not shots:
        return settings
    bare, whole = (prompted(base.folder, {**settings, "shots": some, "max_length": 1 << 20})
                   for some in ((), shots))  # fmt: skip
    more = len(whole.prefix) - len(bare.prefix)
    return {**settings, "shots": shots, "max_length": question.max_length + more}


def _chats(folder: Path, name: str) -> bool:
    """Say whether a chat template should wrap a prompt: the base has one, the prompt none."""
    written = prompt.load(name, chat=True).template
    return _OWN_TURNS not in written and has_chat_template(folder)


def has_chat_template(folder: Path) -> bool:
    """Say whether the tokenizer of a folder has a chat template."""
    if (folder / "chat_template.jinja").is_file():
        return True
    path = folder / "tokenizer_config.json"
    return path.is_file() and '"chat_template"' in path.read_text(encoding="utf-8")


def _manifest(base: BaseModel, settings: Mapping[str, Any], question: Question) -> Manifest:
    files = {name: manifest.sha256(base.folder / name) for name in FILES}
    return Manifest(
        name=f"{base.record.name}, {len(question.shots)} examples, untrained",
        kind="decoder",
        runtime="torch",
        labels=question.labels,
        architecture={**settings, "template": prompt.load(settings["prompt"], chat=True).template},
        files={name: digest for name, digest in files.items() if digest},
        base=base.record,
        cleaning=cleaning.VERSION,
    )
