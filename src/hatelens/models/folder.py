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
from hatelens.models.classifier import Classifier
from hatelens.models.manifest import Manifest
from hatelens.registry import Registry

SCORERS = Registry(
    "kind of model",
    {
        "linear/numpy": "hatelens.models.linear:load",
        "linear/onnx": "hatelens.models.linear_graph:load",
        "two_stage/torch": "hatelens.models.two_stage:load",
        "two_stage/onnx": "hatelens.models.graph:load",
    },
    ModelError,
)
DEFAULT = "default"
CARD = "MODEL_CARD.md"
CONFIG = "config.yaml"
REPORT = "report"
ENTRY_POINTS = "hatelens.models"
"""Entry points of packages that carry a model: ``default = "package:folder"``."""


def find(name: str) -> Path:
    """Find the folder that a name stands for.

    Args:
        name: ``default``, or a folder.

    Raises:
        ModelError: there is none; the message says what to do.
    """
    if name == DEFAULT:
        return _default()
    path = Path(name).expanduser()
    if not path.is_dir():
        raise ModelError(
            f"There is no model folder {name!r}. Give the folder that `hatelens train` printed."
        )
    return path


def load(name: str = DEFAULT) -> Classifier:
    """Open a model folder as a detector.

    Raises:
        ModelError: there is no such folder, or it is damaged.
        MissingExtraError: it needs libraries that are not installed.
    """
    folder = find(name)
    manifest = manifests.read(folder)
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
    """Write ``manifest.json``."""
    (folder / manifests.FILE).write_text(manifest.to_json(), encoding="utf-8")


def _default() -> Path:
    named = os.environ.get("HATELENS_MODEL")
    if named and named != DEFAULT:
        return find(named)
    installed = importlib.metadata.entry_points(group=ENTRY_POINTS, name=DEFAULT)
    for entry in installed:
        return Path(entry.load()())
    raise ModelError(
        "No default model is installed. Give --model FOLDER, or set HATELENS_MODEL; "
        "train one with: hatelens train recipe=demo_linear"
    )
