"""Published classifiers and adapters: the manifest that their folders do not have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatelens.errors import DataError, ModelError
from hatelens.labels import LabelSet, check_names
from hatelens.models.base import TOKENIZER, WEIGHTS, BaseModel, resolve, snapshot
from hatelens.models.decision import Calibration
from hatelens.models.manifest import Manifest, sha256

CONFIG = "config.json"
SETTINGS = "tokenizer_config.json"
ADAPTER = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
HATE = frozenset({"hate", "hateful", "hatespeech", "identityhate", "identityattack"})
"""Labels that count as hateful, in small letters and nothing but letters."""
ABUSE = frozenset({"toxic", "toxicity", "abusive", "abuse", "offensive"})
"""Labels that count as hateful where a model has none of ``HATE``."""
LONGEST = 512
"""Tokens of a window at most: longer texts are cut into overlapping windows anyway."""
_SHORTEST = 8
_OFFSET = frozenset(
    {"camembert", "data2vec-text", "ibert", "longformer", "mpnet", "roberta"}
    | {"roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod"}
)
"""Types whose positions begin after the one of the padding token."""
_HUB = re.compile(r"[\w.-]+/[\w.-]+@[\w.-]+")


@dataclass(frozen=True)
class Wishes:
    """What a published folder does not say of itself.

    Attributes:
        hateful: labels that count as hateful; empty to go by their names.
        labels: the classes in the order of the outputs; empty for those of ``config.json``.
        base: base model of an adapter, or ``owner/name@REVISION``; empty for the one it names.
    """

    hateful: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    base: str = ""


def fetched(name: str) -> Path | None:
    """Return the folder of a hub id ``owner/name@REVISION``; None where a name is none.

    Raises:
        ModelError: it cannot be had.
    """
    return snapshot(*name.split("@")) if _HUB.fullmatch(name) else None


def is_published(folder: Path) -> bool:
    """Say whether a folder holds a model in the form of Transformers or PEFT."""
    return (folder / CONFIG).is_file() or (folder / ADAPTER).is_file()


def manifest(folder: Path, wishes: Wishes | None = None, tokenizer: Path | None = None) -> Manifest:
    """Return what a manifest would say of a published folder.

    The model reads texts as they are, its probabilities are those of its own softmax, or sigmoid
    where labels are independent, and the threshold is 0.5.

    Args:
        folder: in the form of Transformers or PEFT.
        wishes: what it does not say of itself.
        tokenizer: its tokenizer; None for the one in the folder.

    Raises:
        ModelError: the folder is no classifier, has no safetensors or tokenizer, or does not say
            its labels or which of them count as hateful.
    """
    wishes = wishes or Wishes()
    adapter = (folder / ADAPTER).is_file()
    base = adapted_base(folder, wishes) if adapter else None
    settled = config(folder, base.folder if base else None)
    _check_classifier(folder, settled, adapter=adapter)
    labels = _labels(folder, settled, wishes)
    names = weights(folder)
    tokenizer = tokenizer or _tokenizer(folder)
    settings = _read(folder / SETTINGS) or _read((base.folder if base else folder) / SETTINGS)
    return Manifest(
        name=folder.resolve().name,
        kind="encoder",
        runtime="torch",
        labels=labels,
        architecture={
            "kind": "encoder",
            "max_length": _max_length(settings, settled),
            "adapter": adapter,
        },
        files={name: sha256(folder / name) for name in names} | {TOKENIZER: sha256(tokenizer)},
        base=base.record if base else None,
        calibration=Calibration("sigmoid") if labels.multi else Calibration(),
    )


def weights(folder: Path) -> list[str]:
    """Return the names of the files that decide a score, but for the tokenizer.

    Raises:
        ModelError: there are no safetensors.
    """
    if (folder / ADAPTER).is_file():
        _check_safe(folder, (folder / ADAPTER_WEIGHTS).is_file(), "adapter_model.bin")
        own = [CONFIG] if (folder / CONFIG).is_file() else []
        return [ADAPTER, ADAPTER_WEIGHTS, *own]
    if (folder / WEIGHTS).is_file():
        return [CONFIG, WEIGHTS]
    parts = sorted(path.name for path in folder.glob("model-*-of-*.safetensors"))
    _check_safe(folder, bool(parts), "pytorch_model.bin")
    return [CONFIG, f"{WEIGHTS}.index.json", *parts]


def _tokenizer(folder: Path) -> Path:
    if not (folder / TOKENIZER).is_file():
        raise ModelError(
            f"{folder} has no {TOKENIZER}. Make one with: hatelens models adopt {folder} --out DIR"
        )
    return folder / TOKENIZER


def _check_safe(folder: Path, found: bool, pickled: str) -> None:
    if found:
        return
    if not (folder / pickled).is_file():
        raise ModelError(f"{folder} holds no weights in safetensors.")
    kind = "PeftModel" if pickled.startswith("adapter") else "Transformers model"
    raise ModelError(
        f"{folder} holds its weights only as {pickled}, a pickle, which can run code and is never "
        f"read. If you trust it, open it as a {kind} and write it again with "
        "save_pretrained(DIR), which writes safetensors."
    )


def adapted_base(folder: Path, wishes: Wishes) -> BaseModel:
    """Find the base model of an adapter.

    Raises:
        ModelError: it is not at hand, or the adapter is for no classifier.
    """
    told = _read(folder / ADAPTER)
    if told.get("task_type") != "SEQ_CLS":
        raise ModelError(
            f"{folder} holds an adapter for {told.get('task_type')}; only one for SEQ_CLS is a "
            "classifier."
        )
    name = wishes.base or str(told.get("base_model_name_or_path"))
    revision = None if wishes.base else told.get("revision")
    if _HUB.fullmatch(name):
        name, revision = name.split("@")
    try:
        return resolve(name, revision)
    except ModelError as error:
        raise ModelError(
            f"The base model of {folder} is not at hand: {error} Or name it: hatelens models "
            f"adopt {folder} --base NAME --out DIR (a folder, minilm, or owner/name@REVISION)."
        ) from None


def config(folder: Path, base: Path | None = None) -> Mapping[str, Any]:
    """Read ``config.json`` of a folder; of an adapter that has none, that of its base.

    Raises:
        ModelError: it is damaged.
    """
    own = folder / CONFIG
    return _read(own if own.is_file() or base is None else base / CONFIG)


def _check_classifier(folder: Path, config: Mapping[str, Any], *, adapter: bool) -> None:
    built = [str(name) for name in config.get("architectures") or ()]
    if not adapter and not any(name.endswith("ForSequenceClassification") for name in built):
        raise ModelError(
            f"{folder} holds {', '.join(built) or 'a model'}, no classifier of texts; fine-tune it "
            f"with: hatelens train recipe=encoder model.base={folder} data.train=[FILE]"
        )
    if config.get("problem_type") == "regression":
        raise ModelError(f"{folder} holds a regression, whose numbers are no probabilities.")


def _labels(folder: Path, config: Mapping[str, Any], wishes: Wishes) -> LabelSet:
    names = wishes.labels or _names(folder, config)
    outputs = len(config.get("id2label") or ("LABEL_0", "LABEL_1"))
    if wishes.labels and len(names) != outputs and not (folder / ADAPTER).is_file():
        raise ModelError(f"{folder} has {outputs} outputs; found {len(names)} names of labels.")
    multi = config.get("problem_type") == "multi_label_classification" or len(names) == 1
    hateful = wishes.hateful or by_name(names)
    if not hateful:
        raise ModelError(
            f"Nothing says which labels of {folder} count as hateful. There are "
            f"{', '.join(list(names)[:12])}: say it with: hatelens models adopt {folder} "
            "--hateful LABEL --out DIR"
        )
    try:
        return LabelSet(tuple(names), tuple(hateful), multi=multi)
    except DataError as error:
        raise ModelError(str(error)) from None


def _names(folder: Path, config: Mapping[str, Any]) -> tuple[str, ...]:
    named = config.get("id2label")
    if not isinstance(named, Mapping) or not named:
        raise ModelError(
            f"{folder} does not name its labels. Say them in the order of the outputs: hatelens "
            f"models adopt {folder} --labels FIRST --labels SECOND --hateful SECOND --out DIR"
        )
    try:
        ordered = sorted((int(place), name) for place, name in named.items())
        if [place for place, _ in ordered] != list(range(len(ordered))):
            raise ValueError("id2label does not count from 0")
        return check_names([name for _, name in ordered], "label")
    except (ValueError, TypeError, DataError) as error:
        raise ModelError(f"{folder / CONFIG} is damaged ({error}).") from None


def by_name(names: Iterable[str]) -> tuple[str, ...]:
    """Return the labels that count as hateful by their names.

    Those of hate; only where there are none, those of abuse.
    """
    plain = {name: re.sub(r"[^a-z]", "", name.lower()) for name in names}
    for words in (HATE, ABUSE):
        if found := tuple(name for name, letters in plain.items() if letters in words):
            return found
    return ()


def _max_length(tokenizer: Mapping[str, Any], config: Mapping[str, Any]) -> int:
    """Return the tokens that a window holds: what tokenizer, positions and ``LONGEST`` allow."""
    limits: list[int] = [LONGEST]
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int) and positions > 0:
        padding = config.get("pad_token_id")
        begin = (padding if isinstance(padding, int) else 1) + 1
        limits.append(positions - (begin if config.get("model_type") in _OFFSET else 0))
    told = tokenizer.get("model_max_length")
    if isinstance(told, int | float) and 0 < told < LONGEST:
        limits.append(int(told))
    if min(limits) < _SHORTEST:
        raise ModelError(f"The model says that it reads {min(limits)} tokens, which is too few.")
    return min(limits)


def _read(path: Path) -> Mapping[str, Any]:
    """Read a JSON object; of a missing file, an empty one."""
    if not path.is_file():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is damaged ({error}).") from None
    if not isinstance(values, dict):
        raise ModelError(f"{path} is damaged (it holds no object).")
    return values
