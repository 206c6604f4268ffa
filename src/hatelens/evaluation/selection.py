"""The texts of a data set that are measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hatelens.data.dataset import Dataset, reasons
from hatelens.data.example import Example
from hatelens.errors import ConfigError, DataError
from hatelens.labels import LabelSet


@dataclass(frozen=True)
class Selection:
    """The texts that are measured.

    Attributes:
        data: name of the data set.
        digest: of the data set as it was loaded.
        split: ``train``, ``validation``, ``test``, or ``all``.
        labels: the scheme of the true labels.
        examples: each with a label.
        left_out: why to how many.
    """

    data: str
    digest: str
    split: str
    labels: LabelSet
    examples: tuple[Example, ...]
    left_out: Mapping[str, int]

    def scheme(self, model: LabelSet, label_map: Mapping[str, str] | None = None) -> LabelSet:
        """Return the true labels with those that count as hateful.

        Args:
            model: says what is hateful where the data set does not.
            label_map: label of the data set to that of the model, where they differ.

        Raises:
            DataError: neither says it.
        """
        if self.labels.hateful:
            return self.labels
        ours = {name: (label_map or {}).get(name, name) for name in self.labels.names}
        if set(ours.values()) <= set(model.names):
            hateful = tuple(name for name, our in ours.items() if model.is_hateful(our))
            return LabelSet(self.labels.names, hateful)
        raise DataError(
            f"Nothing says which labels of {self.data} count as hateful: {_some(self.labels)}. "
            f"Say which one is which of the model's ({_some(model)}) with --map LABEL=OURS, or "
            "write hateful and not hateful."
        )


def select(dataset: Dataset, split: str, *, limit: int | None = None, seed: int = 0) -> Selection:
    """Choose the labelled texts of a split.

    Args:
        dataset: the data; where its texts name no split, it is taken to be that split already.
        split: ``train``, ``validation``, ``test``, or ``all``.
        limit: texts at most, a seeded sample in the order of the data; None for all.
        seed: of the sample.

    Raises:
        ConfigError: the limit is below 1.
        DataError: the split has no labelled text.
    """
    whole = split == "all" or not any(example.split for example in dataset.examples)
    chosen = [example for example in dataset.examples if whole or example.split == split]
    labelled = [example for example in chosen if example.label is not None]
    if not labelled:
        raise DataError(
            f"{dataset.name} has no labelled text in its {split} split, of "
            f"{len(dataset.examples)} texts in all; choose another split."
        )
    kept = _sampled(labelled, limit, seed)
    left_out = {f"{why} (whole data set)": n for why, n in reasons(dataset.left_out).items()}
    left_out["no label"] = len(chosen) - len(labelled)
    left_out["beyond the limit"] = len(labelled) - len(kept)
    return Selection(
        data=dataset.name,
        digest=dataset.digest,
        split=split,
        labels=dataset.card.labels,
        examples=tuple(kept),
        left_out={why: count for why, count in left_out.items() if count},
    )


def _sampled(examples: list[Example], limit: int | None, seed: int) -> list[Example]:
    if limit is None or limit >= len(examples):
        return examples
    if limit < 1:
        raise ConfigError(f"A limit must be at least 1; found {limit}.")
    rows = np.random.default_rng(seed).choice(len(examples), size=limit, replace=False)
    return [examples[row] for row in sorted(rows.tolist())]


def _some(labels: LabelSet) -> str:
    more = f" and {len(labels) - 8} more" if len(labels) > 8 else ""
    return ", ".join(labels.names[:8]) + more
