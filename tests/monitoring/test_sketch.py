"""The sketch of a text."""

from __future__ import annotations

import time

import numpy as np
import pytest

from hatelens.monitoring import sketch
from tests.monitoring import traffic


def test_the_same_text_has_the_same_sketch_everywhere() -> None:
    found = sketch.projected("A quiet walk.")
    assert found.shape == (sketch.SIZE,)
    # Written down: a reference in a manifest is compared with sketches made elsewhere.
    assert found[:3] == pytest.approx(sketch.projected("a QUIET walk.")[:3])
    grams = len("A quiet walk.") - 2
    assert np.abs(found).max() <= np.sqrt(grams)
    assert float(found @ found) > 0


@pytest.mark.parametrize("text", ["", "a", "\ud800", "\x00" * 5, "﷽" * 4000, "ab " * 400_000])
def test_whatever_it_is_it_has_a_sketch(text: str) -> None:
    assert np.isfinite(sketch.projected(text)).all()


def test_a_megabyte_costs_no_more_than_its_begin() -> None:
    begun = time.perf_counter()
    for _ in range(10):
        sketch.projected("a " * 500_000)
    assert time.perf_counter() - begun < 2.0


def test_texts_of_other_words_lie_elsewhere() -> None:
    here = np.array([sketch.projected(text) for text in traffic.texts(200, 1)])
    there = np.array([sketch.projected(f"Zorblaxian {n} vurp") for n in range(200)])
    apart = np.abs(here.mean(axis=0) - there.mean(axis=0))
    assert float(apart.max()) > 3 * float(here.std(axis=0).mean() / np.sqrt(200))
