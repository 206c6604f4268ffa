"""Which platform a training text comes from, and the part of the material that is one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hatelens.data.augment import origin
from hatelens.data.example import Example
from hatelens.errors import DataError, unknown
from hatelens.evaluation.weighted import Bools
from hatelens.training.trained import Lesson, Material

Platforms = Mapping[str, Sequence[str]]
"""Platform to its data sets; ``NAME:VALUE`` for those texts of one whose column says so."""
COLUMN = "platform"
"""The column of a data set that says where a text comes from."""
NOWHERE = ""
"""Of a text whose data set is shared out by its column, which says nothing that was named."""


def of(examples: Sequence[Example], platforms: Platforms) -> list[str]:
    """Return the platform of each text, ``NOWHERE`` where only its data set is known.

    Raises:
        DataError: the data set of a text is not named at all, or under several platforms.
    """
    owners = _owners(platforms)
    return [_one(example, owners) for example in examples]


def check(examples: Sequence[Example], platforms: Platforms) -> None:
    """Refuse a data set of a platform of which there is no text.

    Raises:
        DataError: there is one.
    """
    there = {name for example in examples for name in _names(example)}
    for platform, sources in platforms.items():
        for source in sources:
            if source not in there:
                raise DataError(unknown(f"data set of model.platforms.{platform}", source, there))


def kept(examples: Sequence[Example], share: float, seed: int) -> Bools:
    """Choose texts for the gate that no adapter learns from, shape (texts,).

    Copies of a text and texts of one thread stay together. The order of the texts does not matter.

    Args:
        examples: training texts.
        share: about how many, 0-1.
        seed: another one chooses others.
    """
    return np.array([_chance(example, seed) < share for example in examples], dtype=bool)


def part(material: Material, train: Bools, held_out: Bools, work: Path, resume: Path) -> Material:
    """Return the material of one adapter.

    Args:
        material: of all.
        train: which texts are learned from, shape (texts,).
        held_out: which are measured on, shape (held-out texts,).
        work: folder that its files are written to.
        resume: folder that outlives a killed run.
    """
    return replace(
        material,
        train=lesson(material.train, train),
        held_out=lesson(material.held_out, held_out),
        held_out_truth=material.held_out_truth[held_out],
        work=work,
        resume=resume,
    )


def lesson(whole: Lesson, chosen: Bools) -> Lesson:
    """Return the chosen texts of a lesson."""
    rows = np.flatnonzero(chosen).tolist()
    return Lesson(
        [whole.cleaned[row] for row in rows],
        whole.classes[chosen],
        {name: values[chosen] for name, values in whole.heads.items()},
        [whole.marks[row] for row in rows] if whole.marks else (),
        [whole.examples[row] for row in rows],
    )


def _owners(platforms: Platforms) -> dict[str, str]:
    owners: dict[str, str] = {}
    for platform, sources in platforms.items():
        for source in sources:
            if source in owners:
                raise DataError(
                    f"{source} stands under {owners[source]} and {platform} in model.platforms; "
                    "a text has one platform."
                )
            owners[source] = platform
    return owners


def _one(example: Example, owners: Mapping[str, str]) -> str:
    for name in _names(example):
        if name in owners:
            return owners[name]
    if any(name.startswith(f"{example.source}:") for name in owners):
        return NOWHERE
    raise DataError(f"{example.source} belongs to no platform; name it in model.platforms.")


def _names(example: Example) -> list[str]:
    """Return what a text's data set can be called, the more exact name first."""
    where = example.meta.get(COLUMN)
    return [f"{example.source}:{where}", example.source] if where else [example.source]


def _chance(example: Example, seed: int) -> float:
    name = f"{example.source}:{example.group}" if example.group else origin(example)
    drawn = hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(drawn[:8], "big") / 2**64
