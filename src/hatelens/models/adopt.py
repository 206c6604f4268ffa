"""Makes a published classifier or adapter a model folder of our own, with what it does not say."""

from __future__ import annotations

import importlib.metadata
import shutil
from dataclasses import replace
from pathlib import Path

from tokenizers import Tokenizer as Backend

from hatelens.errors import ModelError, require
from hatelens.models import folder as folders
from hatelens.models import manifest as manifests
from hatelens.models import published
from hatelens.models.base import TOKENIZER
from hatelens.models.published import ADAPTER, Wishes

_ABOUT = "README.md"
_VOCABULARIES = (
    *("vocab.txt", "vocab.json", "bpe.codes", "tokenizer.model"),
    *("sentencepiece.bpe.model", "spiece.model", "spm.model"),
)


def adopt(name: str, out: Path, wishes: Wishes) -> None:
    """Copy a published model to a folder of its own, with a manifest and a tokenizer.

    Args:
        name: its folder, or its hub id as ``owner/name@REVISION``.
        out: folder to write; must not exist.
        wishes: what it does not say of itself.

    Raises:
        ModelError: it is no classifier, has no safetensors, or its labels are still not clear.
        MissingExtraError: a tokenizer must be made and transformers is not installed.
    """
    source = folders.find(name)
    if (source / manifests.FILE).is_file() or not published.is_published(source):
        raise ModelError(
            f"{source} is not a published model: it needs config.json or {ADAPTER}, and no "
            f"{manifests.FILE} of hatelens."
        )
    if wishes.base and not (source / ADAPTER).is_file():
        raise ModelError(f"{source} is no adapter; leave out --base.")
    with folders.writing(out) as work:
        _tokenizer(source, wishes, work)
        made = published.manifest(source, wishes, work / TOKENIZER)
        for file in published.weights(source):
            shutil.copyfile(source / file, work / file)
        if (source / _ABOUT).is_file():
            shutil.copyfile(source / _ABOUT, work / folders.CARD)
        folders.write_manifest(work, replace(made, package=importlib.metadata.version("hatelens")))


def _tokenizer(source: Path, wishes: Wishes, work: Path) -> None:
    """Copy the tokenizer of a model, or of the base of an adapter; make one of its vocabulary."""
    places = [source]
    if (source / ADAPTER).is_file():
        places.append(published.adapted_base(source, wishes).folder)
    for place in places:
        if (place / TOKENIZER).is_file():
            shutil.copyfile(place / TOKENIZER, work / TOKENIZER)
            return
    if not any((source / name).is_file() for name in _VOCABULARIES):
        raise ModelError(f"{source} has no {TOKENIZER}, and no vocabulary to make one of.")
    _made(source).save(str(work / TOKENIZER))


def _made(source: Path) -> Backend:
    transformers = require("transformers", "train")
    try:
        made = transformers.AutoTokenizer.from_pretrained(source, trust_remote_code=False)
    except (OSError, ValueError, TypeError, KeyError, ImportError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(f"{source} has no {TOKENIZER} and none can be made ({reason}).") from None
    backend = getattr(made, "backend_tokenizer", None)
    size = published.config(source).get("vocab_size") or 0
    if backend is None or 2 * len(made) < size:  # without its own file, some are made empty
        raise ModelError(f"{source} has no {TOKENIZER}, and its vocabulary does not make one.")
    return backend
