"""The model folder, the unit of everything: opening one, naming one, writing one."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hatelens.errors import ModelError, require
from hatelens.models import manifest as manifests
from hatelens.models import published
from hatelens.models.classifier import Classifier
from hatelens.models.detector import Detector
from hatelens.models.manifest import Manifest
from hatelens.registry import Registry

SCORERS = Registry(
    "kind of model",
    {
        "linear/numpy": "hatelens.models.linear:load",
        "linear/onnx": "hatelens.models.linear_graph:load",
        "two_stage/torch": "hatelens.models.two_stage:load",
        "two_stage/onnx": "hatelens.models.graph:load",
        "encoder/torch": "hatelens.models.encoder:load",
        "encoder/onnx": "hatelens.models.graph:load",
        "decoder/torch": "hatelens.models.decoder:load",
        "decoder/gguf": "hatelens.models.llama_cpp:load",
        "mixture/torch": "hatelens.models.mixture:load",
        "remote/http": "hatelens.models.remote:load",
    },
    ModelError,
)
COMPOSED = Registry("kind of model", {"cascade": "hatelens.models.cascade:load"}, ModelError)
"""Kinds made of other models' folders: detectors of their own, without a scorer."""
DEFAULT = "default"
CARD = "MODEL_CARD.md"
CONFIG = "config.yaml"
REPORT = "report"
ENTRY_POINTS = "hatelens.models"
"""Entry points of packages that carry a model: ``default = "package:folder"``."""


def find(name: str) -> Path:
    """Find the folder that a name stands for.

    Args:
        name: ``default``, another name that an installed package carries a model under, a hub id
            as ``owner/name@REVISION``, or a folder; a folder of that name comes first.

    Raises:
        ModelError: there is none; the message says what to do.
    """
    if name == DEFAULT:
        return _default()
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if carried := _carried(name):
        return carried
    if fetched := published.fetched(name):
        return fetched
    raise ModelError(
        f"There is no model folder {name!r}. Give the folder that `hatelens train` printed, or a "
        "published classifier as owner/name@REVISION."
    )


def read(folder: Path) -> Manifest:
    """Read the manifest of a model folder; of a published one, which has none, make it up.

    Raises:
        ModelError: it is damaged, or does not say enough of itself.
    """
    if published.is_published(folder) and not (folder / manifests.FILE).is_file():
        return published.manifest(folder)
    return manifests.read(folder)


def load(name: str = DEFAULT) -> Detector:
    """Open a model folder of any kind as a detector.

    Raises:
        ModelError: there is no such folder, or it is damaged.
        MissingExtraError: it needs libraries that are not installed.
    """
    folder = find(name)
    manifest = read(folder)
    if manifest.kind in COMPOSED:
        return COMPOSED.load(manifest.kind)(folder, manifest)
    return _classifier(folder, manifest)


def classifier(name: str = DEFAULT) -> Classifier:
    """Open a model folder that has weights of its own.

    Raises:
        ModelError: there is no such folder, it is damaged, or it is made of other folders.
        MissingExtraError: it needs libraries that are not installed.
    """
    folder = find(name)
    manifest = read(folder)
    if manifest.kind in COMPOSED:
        raise ModelError(
            f"{name} is a {manifest.kind} of other models and has no weights of its own; name the "
            "folder of one of its stages."
        )
    return _classifier(folder, manifest)


def _classifier(folder: Path, manifest: Manifest) -> Classifier:
    if manifest.runtime == "torch":
        require("torch", "train", or_else="or export the model: hatelens export FOLDER --to onnx")
    scorer = SCORERS.load(f"{manifest.kind}/{manifest.runtime}")(folder, manifest)
    return Classifier(scorer, manifest)


def check_free(target: Path, *, overwrite: bool = False) -> None:
    """Check that a model can be written to a folder, before the work rather than after.

    Raises:
        ModelError: the target exists and must not be overwritten, or is not a model folder.
    """
    if not target.exists():
        return
    if not overwrite:
        raise ModelError(f"{target} exists; name another folder, or say overwrite=true.")
    model = (target / manifests.FILE).is_file()
    if not model and (target.is_file() or any(target.iterdir())):
        raise ModelError(f"{target} is not a model folder; it is not overwritten.")


@contextmanager
def writing(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a work folder that becomes ``target`` when all went well, and vanishes otherwise.

    Raises:
        ModelError: the target exists and must not be overwritten, or is not a model folder.
    """
    check_free(target, overwrite=overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield work
        _share(work)
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _share(work: Path) -> None:
    """Give a folder and its files the modes that others can read: temporary ones are private."""
    work.chmod(0o755)
    for path in work.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def hashes(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Return the sha256 of files of a folder by name."""
    return {name: manifests.sha256(folder / name) for name in sorted(names)}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``manifest.json``; whoever reads it meanwhile finds the old one or the new one."""
    written = folder / f"{manifests.FILE}.new"
    written.write_text(manifest.to_json(), encoding="utf-8")
    written.replace(folder / manifests.FILE)


def _default() -> Path:
    named = os.environ.get("HATELENS_MODEL")
    if named and named != DEFAULT:
        return find(named)
    if carried := _carried(DEFAULT):
        return carried
    raise ModelError(
        "No default model is installed. Get it with: pip install hatelens-en; or give "
        "--model FOLDER, or set HATELENS_MODEL."
    )


def _carried(name: str) -> Path | None:
    """Return the folder that an installed package carries under a name."""
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS, name=name):
        return Path(entry.load()())
    return None
