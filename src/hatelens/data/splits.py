"""Seeded splits: stratified, grouped, near-duplicates on one side, the same on every machine."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hatelens.data.duplicates import Forest, clusters, digest
from hatelens.data.example import Example
from hatelens.errors import DataError

NEAR_DUPLICATE = 0.85
"""Jaccard similarity from which two texts count as near-duplicates, unless told otherwise."""


@dataclass(frozen=True)
class Splits:
    """The parts of a data set; each keeps the order of the input."""

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]


@dataclass(frozen=True)
class Unit:
    """Examples that must stay together.

    Attributes:
        name: the smallest id among them.
        label: the most frequent label among them.
        members: their places in the input.
    """

    name: str
    label: str
    members: tuple[int, ...]


def split(
    examples: Sequence[Example],
    *,
    validation: float,
    test: float,
    seed: int,
    near_duplicate: float = NEAR_DUPLICATE,
) -> Splits:
    """Split examples by the sha256 of the seed and their ids, label by label.

    The order of the input does not matter. Examples of one group, and near-duplicates, stay on one
    side; each label is spread over the parts as the shares say, as far as groups allow.

    Args:
        examples: what to split; their ids must differ.
        validation: share of the validation part, 0-1.
        test: share of the test part, 0-1.
        seed: another seed gives another split.
        near_duplicate: Jaccard similarity from which two texts count as near-duplicates.

    Raises:
        DataError: the shares leave nothing to train on, or two examples share an id.
    """
    if validation < 0 or test < 0 or validation + test >= 1:
        raise DataError(
            f"Shares must leave something to train on; found validation {validation}, test {test}."
        )
    side = dict.fromkeys(range(len(examples)), "train")
    for stratum in _strata(_units(examples, near_duplicate)):
        ranked = sorted(stratum, key=lambda unit: _rank(seed, unit.name))
        size = sum(len(unit.members) for unit in ranked)
        for part, share in (("test", test), ("validation", validation)):
            taken, ranked = _take(ranked, share * size)
            side.update((member, part) for unit in taken for member in unit.members)
    parts = {
        name: tuple(one for index, one in enumerate(examples) if side[index] == name)
        for name in ("train", "validation", "test")
    }
    return Splits(**parts)


def folds(
    examples: Sequence[Example], k: int, seed: int, near_duplicate: float = NEAR_DUPLICATE
) -> list[int]:
    """Return the fold of each example, 0 to k - 1, for a cross-validation.

    As in ``split``, groups and near-duplicates stay together and labels are spread evenly.

    Raises:
        DataError: there are fewer groups than folds.
    """
    fold = [0] * len(examples)
    units = _units(examples, near_duplicate)
    if len(units) < k:
        raise DataError(f"{k} folds need at least {k} different texts; found {len(units)}.")
    turn = 0
    for stratum in _strata(units):
        for unit in sorted(stratum, key=lambda unit: _rank(seed, unit.name)):
            for member in unit.members:
                fold[member] = turn % k
            turn += 1
    return fold


def sample(examples: Sequence[Example], limit: int, seed: int) -> tuple[Example, ...]:
    """Draw a seeded sample that does not depend on the order of the input.

    Returns:
        At most ``limit`` examples, in the order of the input.
    """
    ranked = sorted(examples, key=lambda one: _rank(seed, one.id))
    chosen = {one.id for one in ranked[:limit]}
    return tuple(one for one in examples if one.id in chosen)


def ids_digest(examples: Iterable[Example]) -> str:
    """Return the sha256 of the sorted ids (with their sources): which texts, in whatever order."""
    return digest(sorted(f"{one.source}:{one.id}" for one in examples))


def _rank(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogatepass")).digest()


def _take(ranked: list[Unit], rows: float) -> tuple[list[Unit], list[Unit]]:
    """Take units until about so many rows are had; one that overshoots by half is passed over."""
    taken: list[Unit] = []
    passed: list[Unit] = []
    held = 0
    for unit in ranked:
        fits = held + len(unit.members) / 2 <= rows and rows > 0
        (taken if fits else passed).append(unit)
        held += len(unit.members) if fits else 0
    return taken, passed


def _units(examples: Sequence[Example], threshold: float) -> list[Unit]:
    if len({one.id for one in examples}) != len(examples):
        raise DataError("Two examples share an id, so a split would not be the same everywhere.")
    forest = Forest(len(examples))
    for index, leader in enumerate(clusters([one.text for one in examples], threshold)):
        forest.unite(index, leader)
    first: dict[str, int] = {}
    for index, one in enumerate(examples):
        if one.group is not None:
            forest.unite(index, first.setdefault(one.group, index))
    together: defaultdict[int, list[int]] = defaultdict(list)
    for index, root in enumerate(forest.roots()):
        together[root].append(index)
    return [_unit(examples, members) for members in together.values()]


def _unit(examples: Sequence[Example], members: Sequence[int]) -> Unit:
    counts = Counter(examples[member].label or "" for member in members)
    label = min(counts, key=lambda name: (-counts[name], name))
    return Unit(min(examples[member].id for member in members), label, tuple(members))


def _strata(units: Iterable[Unit]) -> Iterable[list[Unit]]:
    strata: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        strata[unit.label].append(unit)
    return strata.values()
