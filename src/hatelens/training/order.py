"""The order of training texts: shuffled, and grouped by length where that saves padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler


class Order(Sampler[int]):
    """A shuffled order that depends on seed and epoch only, so that a resumed run keeps it.

    Texts of like length stand together: each megabatch is sorted by length and cut into batches,
    whose order is then shuffled.

    Args:
        lengths: of the texts, in tokens.
        batch: texts per batch.
        megabatch: texts that are sorted together; 1 for a plain shuffle.
        seed: of the order.
    """

    def __init__(self, lengths: Sequence[int], batch: int, megabatch: int, seed: int) -> None:
        self._lengths = torch.tensor(lengths)
        self._batch = batch
        self._megabatch = megabatch
        self._seed = seed
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        chance = torch.Generator().manual_seed(self._seed + 1000 * self._epoch)
        order = torch.randperm(len(self), generator=chance)
        if self._megabatch > 1:
            order = self._grouped(order, chance)
        return iter(order.tolist())

    def set_epoch(self, epoch: int) -> None:
        """Say which pass it is."""
        self._epoch = epoch

    def _grouped(self, order: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
        parts = [
            part[torch.argsort(self._lengths[part], stable=True)]
            for part in order.split(self._megabatch)
        ]
        batches = [batch for part in parts for batch in part.split(self._batch)]
        full = [batch for batch in batches if len(batch) == self._batch]
        rest = [batch for batch in batches if len(batch) < self._batch]  # only at the very end
        shuffled = [full[i] for i in torch.randperm(len(full), generator=chance).tolist()]
        return torch.cat([*shuffled, *rest])
