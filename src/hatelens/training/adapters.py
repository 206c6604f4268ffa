"""The adapters of a mixture: one per platform and one over all, or ones trained elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hatelens import __version__
from hatelens.config.mixture import ALL, MixtureModel, MixtureTraining
from hatelens.data.example import Example
from hatelens.errors import ConfigError, ModelError
from hatelens.evaluation.weighted import Bools
from hatelens.models import adapters, folder
from hatelens.models import manifest as manifests
from hatelens.models.base import resolve
from hatelens.models.manifest import Manifest
from hatelens.registry import Registry
from hatelens.training import platforms
from hatelens.training.trained import Material

TRAINERS = Registry(
    "kind of base for adapters",
    {"encoder": "hatelens.training.encoder:train", "decoder": "hatelens.training.decoder:train"},
    ConfigError,
)


def folders(
    model: MixtureModel, training: MixtureTraining, material: Material, kept: Bools, seed: int
) -> dict[str, Path]:
    """Train the adapters of a mixture, or find those that were trained elsewhere.

    Those that are trained lie in the folder that outlives a killed run, so that it goes on with
    the next one.

    Args:
        model: names platforms and adapters.
        training: how each is trained.
        material: the texts of all platforms.
        kept: training texts that no adapter learns from, shape (texts,).
        seed: of the trainings.

    Returns:
        Name to model folder, in the order of ``model.names``.

    Raises:
        ConfigError: base and training are of different kinds.
        DataError: a platform has no texts.
        ModelError: an adapter does not go with the base, or the base is not at hand.
    """
    if model.over.kind != training.adapters.kind:
        raise ConfigError(
            f"model.over.kind is {model.over.kind!r} but training.adapters.kind is "
            f"{training.adapters.kind!r}; set training.adapters.kind={model.over.kind}."
        )
    given = {name: _given(name, model, material) for name in model.adapters}
    found: dict[str, Path] = {}
    for name in model.names:
        found[name] = given.get(name) or _trained(
            name, model, training, material, kept=kept, seed=seed
        )
    return found


def _given(name: str, model: MixtureModel, material: Material) -> Path:
    """Find an adapter that was trained elsewhere and check that it goes with the base."""
    path = folder.find(model.adapters[name])
    if not (path / manifests.FILE).is_file():
        raise ModelError(
            f"The adapter {name!r} in {path} does not say which base it was trained on; make it a "
            f"model folder with: hatelens models adopt {path} --base BASE --out FOLDER"
        )
    manifest = manifests.read(path)
    base = resolve(model.over.base, model.over.revision).record
    wanted = Manifest("mixture", model.over.kind, "torch", material.labels, {}, {}, base=base)
    adapters.check(name, manifest, wanted)
    if manifest.cleaning != model.cleaning:
        sys.stderr.write(
            f"hatelens: the adapter {name!r} was trained on texts of cleaning "
            f"{manifest.cleaning!r}; here it reads texts of {model.cleaning!r}.\n"
        )
    return path


def _trained(
    name: str,
    model: MixtureModel,
    training: MixtureTraining,
    material: Material,
    *,
    kept: Bools,
    seed: int,
) -> Path:
    target = material.resume / "adapters" / name
    if (target / manifests.FILE).is_file():  # written last: it is whole
        sys.stderr.write(f"hatelens: the adapter {name!r} is there already.\n")
        return target
    with folder.writing(target) as work:
        checkpoints = material.resume / f"checkpoints-{name}"
        chosen = [_chosen(name, model, one.examples) for one in (material.train, material.held_out)]
        part = platforms.part(material, chosen[0] & ~kept, chosen[1], work, checkpoints)
        sys.stderr.write(f"hatelens: adapter {name!r}, {len(part.train.cleaned)} texts.\n")
        write(model, training, part, seed, name)
    return target


def _chosen(name: str, model: MixtureModel, examples: Sequence[Example]) -> Bools:
    where = np.array(platforms.of(examples, model.platforms))
    return np.ones(len(where), dtype=bool) if name == ALL else where == name


def write(
    model: MixtureModel, training: MixtureTraining, material: Material, seed: int, name: str
) -> None:
    """Train one adapter into the work folder of its material, a model folder of its own.

    Args:
        model: names base and adapter.
        training: how it is trained.
        material: its texts.
        seed: of the training.
        name: of the adapter.
    """
    made = TRAINERS.load(model.over.kind)(model.over, training.adapters, material, seed)
    manifest = Manifest(
        name=name,
        kind=model.over.kind,
        runtime=made.runtime,
        labels=material.labels,
        architecture=made.architecture,
        files=folder.hashes(material.work, made.files),
        base=made.base,
        cleaning=model.cleaning,
        seed=seed,
        package=__version__,
        training={"texts": len(material.train.cleaned), **made.facts},
    )
    folder.write_manifest(material.work, manifest)
