"""Chooses the examples that a language model is shown before the text that it is asked of."""

from __future__ import annotations

import random
from collections.abc import Mapping

from hatelens.data.dataset import Dataset
from hatelens.data.example import Example
from hatelens.errors import ConfigError, DataError

LONGEST = 200
"""Characters of an example at most: all of them are read before every text."""
MOST = 32


def choose(
    train: Dataset, count: int, *, label_map: Mapping[str, str], seed: int
) -> list[tuple[str, str]]:
    """Choose examples of each label from a training split, in a drawn order.

    Args:
        train: a training split; the same texts are chosen on every machine.
        count: of each label.
        label_map: label of the data to that of the model; "" leaves texts out.
        seed: of the choice.

    Returns:
        Text and label of the model of each example, the labels taking turns.

    Raises:
        ConfigError: the count is out of range.
        DataError: a label has too few short texts, or a text is of another split.
    """
    if not 0 <= count <= MOST:
        raise ConfigError(f"--shots takes 0 to {MOST} examples of each label; found {count}.")
    strangers = [one.id for one in train.examples if one.split not in (None, "train")]
    if strangers or train.card.test_only:
        raise DataError(f"Examples are chosen from a train split only; {train.name} is another.")
    found = _by_label(train, label_map)
    rng = random.Random(f"{seed} {train.name}")  # noqa: S311 -- no secret
    columns: list[list[tuple[str, str]]] = []
    for label, examples in sorted(found.items()):
        if len(examples) < count:
            raise DataError(
                f"{train.name} has {len(examples)} training texts of up to {LONGEST} characters "
                f"with the label {label!r}; {count} are asked for."
            )
        drawn = rng.sample(sorted(examples, key=lambda one: one.id), count)
        columns.append([(one.text, label) for one in drawn])
    rounds = [list(each) for each in zip(*columns, strict=True)]
    for each in rounds:  # so that the last label shown is not always the same
        rng.shuffle(each)
    return [shot for each in rounds for shot in each]


def _by_label(train: Dataset, label_map: Mapping[str, str]) -> dict[str, list[Example]]:
    found: dict[str, list[Example]] = {}
    for one in train.examples:
        label = label_map.get(one.label or "", one.label or "")
        if label and "|" not in label and len(one.text) <= LONGEST:
            found.setdefault(label, []).append(one)
    return found
