"""Where the adapter of a chat model is, and which base model it was trained on."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hatelens.errors import ModelError
from hatelens.models import manifest as manifests
from hatelens.models import published
from hatelens.models.base import PACKAGES, TOKENIZER, BaseModel, recorded, resolve
from hatelens.models.manifest import Manifest
from hatelens.models.published import ADAPTER, ADAPTER_WEIGHTS

USUAL = "smollm2"
"""The base where none is named: the one that a Python package carries."""
TEMPLATE = "chat_template.jinja"
_HUB = re.compile(r"[\w.-]+/[\w.-]+@[\w.-]+")


def find(name: str) -> Path:
    """Find the folder of an adapter.

    Args:
        name: a folder, or ``owner/name@REVISION``.

    Raises:
        ModelError: there is none, or it holds no adapter in safetensors.
    """
    path = Path(name).expanduser()
    folder = path if path.is_dir() else published.fetched(name)
    if folder is None:
        raise ModelError(
            f"There is no adapter {name!r}. Give a folder, or a published one as "
            "owner/name@REVISION (the commit is on its page, under Files)."
        )
    if not (folder / ADAPTER).is_file() or not (folder / ADAPTER_WEIGHTS).is_file():
        raise ModelError(
            f"{folder} holds no adapter: {ADAPTER} and {ADAPTER_WEIGHTS} are needed (pickled "
            "weights are never read)."
        )
    return folder


def base_of(folder: Path | None, name: str) -> BaseModel:
    """Find the base model of an adapter, or the named one.

    Args:
        folder: of the adapter; None without one.
        name: of the base; empty for the one that the adapter names, or ``USUAL`` without adapter.

    Raises:
        ModelError: it is not at hand, or the adapter was trained on other weights.
    """
    manifest = manifest_of(folder) if folder else None
    if not name and folder and manifest:
        return recorded(folder, manifest.base)
    named = name or (_named(folder) if folder else USUAL)
    base = resolve(*named.split("@")) if _HUB.fullmatch(named) else resolve(named)
    known = manifest.base if manifest else None
    if known and known.sha256 != base.record.sha256:
        raise ModelError(
            f"{folder} was trained on {known.name!r} (sha256 {known.sha256[:12]}); {named!r} is "
            f"another model ({base.record.sha256[:12]}). Leave --base out."
        )
    return base


def tokenizer_of(folder: Path | None, base: Path) -> Path:
    """Return the folder whose tokenizer and chat template to use: the adapter's where it has both.

    A published adapter often has a tokenizer without a template.
    """
    if folder is None or not (folder / TOKENIZER).is_file():
        return base
    settings = _json(folder / "tokenizer_config.json")
    templated = (folder / TEMPLATE).is_file() or bool(settings.get("chat_template"))
    return folder if templated else base


def manifest_of(folder: Path) -> Manifest | None:
    """Read the manifest of an adapter that hatelens wrote; None of a published one.

    Raises:
        ModelError: it is damaged, or a file is not the one that it names.
    """
    return manifests.read(folder) if (folder / manifests.FILE).is_file() else None


def _named(folder: Path) -> str:
    """Return the base that an adapter's own settings name."""
    named = _json(folder / ADAPTER).get("base_model_name_or_path")
    if not isinstance(named, str) or not named:
        raise ModelError(f"The adapter in {folder} does not name its base model; give --base.")
    if not Path(named).is_dir() and named not in PACKAGES:
        raise ModelError(
            f"The adapter in {folder} is for {named!r}; give that base model with --base, as a "
            f"folder or as {named if '/' in named else 'owner/name'}@REVISION."
        )
    return named


def _json(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is damaged ({error}).") from None
    return values if isinstance(values, dict) else {}
