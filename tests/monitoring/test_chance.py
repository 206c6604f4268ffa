"""How far unchanged traffic strays."""

from __future__ import annotations

import numpy as np

from hatelens.monitoring import bins, chance


def places(count: int, seed: int) -> bins.Ints:
    return np.random.default_rng(seed).integers(0, 10, (count, 1))


def test_a_smaller_window_strays_further() -> None:
    limits = [chance.limit(places(2000, 0), 10, window, 0, 4) for window in (100, 250, 1000)]
    assert limits[0] > limits[1] > limits[2] > 0


def test_a_smaller_reference_strays_further() -> None:
    assert chance.limit(places(100, 0), 10, 250, 0, 4) > chance.limit(
        places(4000, 0), 10, 250, 0, 4
    )


def test_the_same_seed_gives_the_same_limit() -> None:
    first, again = (chance.limit(places(500, 0), 10, 250, 3, 4) for _ in range(2))
    assert first == again


def test_chance_stays_below_the_limit() -> None:
    """Of 20 stretches of 5,000 texts none goes above what one in 2,000 is to reach."""
    reference = chance.histograms(places(2000, 0), 10)[0]
    limit = chance.limit(places(2000, 0), 10, 250, 0, 4)
    for seed in range(1, 21):
        stream = places(5000, seed)[:, 0]
        windows = np.array(
            [np.bincount(stream[at - 250 : at], minlength=10) for at in range(250, 5001, 10)]
        )
        assert float(bins.psi(bins.smoothed(windows), reference).max()) < limit


def test_what_is_always_the_same_has_a_limit_above_nothing() -> None:
    assert chance.limit(np.zeros((200, 1), np.int64), 1, 250, 0, 4) >= 0
