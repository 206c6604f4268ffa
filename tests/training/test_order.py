"""The order of training texts."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens.training.order import Order

LENGTHS = np.random.default_rng(0).integers(3, 60, 103).tolist()


@pytest.mark.parametrize("megabatch", [1, 40])
def test_an_order_is_a_permutation_that_seed_and_epoch_decide(megabatch):
    def order(seed, epoch):
        made = Order(LENGTHS, 8, megabatch, seed)
        made.set_epoch(epoch)
        return list(made)

    assert sorted(order(0, 0)) == list(range(103))
    assert order(0, 0) == order(0, 0)
    assert len({tuple(order(seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}) == 4
    assert len(Order(LENGTHS, 8, megabatch, 0)) == 103


def test_grouped_by_length_a_batch_holds_texts_of_like_length():
    def padding(megabatch):
        order = [LENGTHS[i] for i in Order(LENGTHS, 8, megabatch, 0)]
        batches = [order[i : i + 8] for i in range(0, len(order), 8)]
        assert [len(batch) for batch in batches] == [8] * 12 + [7]
        return sum(max(batch) - length for batch in batches for length in batch)

    assert padding(40) < 0.5 * padding(1)
