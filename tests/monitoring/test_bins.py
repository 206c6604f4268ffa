"""Bins, and how far two histograms are apart."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens.monitoring import bins
from hatelens.monitoring.bins import Bins


def test_deciles_hold_a_tenth_each() -> None:
    values = np.random.default_rng(0).normal(size=10_000)
    found = Bins.of(values)
    assert (found.count, len(found.names)) == (10, 10)
    assert np.bincount(found.place(values)) == pytest.approx([1000] * 10, abs=2)


@pytest.mark.parametrize(("values", "count"), [([0.0] * 9, 2), ([1.0, 2.0], 3), ([], 1)])
def test_equal_deciles_are_one_edge(values: list[float], count: int) -> None:
    if not values:
        assert (Bins(()).count, Bins(()).names) == (1, ["all"])
        return
    found = Bins.of(np.array(values))
    assert found.count <= 10
    assert len(set(found.edges)) == len(found.edges)
    assert found.count >= count - 1


def test_names_say_where_a_bin_begins_and_ends() -> None:
    assert Bins((1.0, 2.5)).names == ["below 1", "1 to 2.5", "from 2.5"]
    assert Bins((1.0, 2.5)).place(np.array([0.9, 1.0, 2.4, 2.5])).tolist() == [0, 1, 1, 2]


def test_psi_is_the_sum_that_the_formula_says() -> None:
    recent, reference = np.array([0.2, 0.8]), np.array([0.5, 0.5])
    expected = (0.2 - 0.5) * np.log(0.2 / 0.5) + (0.8 - 0.5) * np.log(0.8 / 0.5)
    assert float(bins.psi(recent, reference)) == pytest.approx(expected)
    assert float(bins.psi(reference, reference)) == 0.0


def test_no_share_is_nothing() -> None:
    found = bins.shares(np.array([0, 0, 0]), 3)
    assert found.tolist() == pytest.approx([3.5 / 4.5, 0.5 / 4.5, 0.5 / 4.5])


def test_names_are_the_most_frequent_and_in_a_fixed_order() -> None:
    assert bins.names(["de", "en", "fr", "en", "de", "pt"], 3) == ("de", "en", "fr")
