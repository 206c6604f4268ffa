"""The benchmark of drift on small invented traffic."""

from __future__ import annotations

import pytest

from benchmarks import drift as benchmark
from hatelens.monitoring import reference
from hatelens.monitoring.drift import Observation
from hatelens.monitoring.reference import Reference
from tests.monitoring import traffic


@pytest.fixture(scope="module")
def made() -> Reference:
    scores = traffic.scores(1000, 0).tolist()
    return reference.made(traffic.texts(1000, 0), scores, ["en"] * 1000)


def seen(made: Reference, language: str) -> list[Observation]:
    scores = traffic.scores(1000, 1)
    pairs = zip(traffic.texts(1000, 1), scores.tolist(), strict=True)
    return [Observation(score, len(text), language, made.sketch(text)) for text, score in pairs]


def test_a_turn_is_counted_and_the_table_says_when(made: Reference) -> None:
    sides = (seen(made, "en"), seen(made, "de"))
    turned = benchmark.turned(made, sides, "elsewhere", 2, 0)
    assert (turned.runs, turned.caught, turned.early, turned.texts) == (2, 2, 0, 4000)
    assert turned.delays is not None
    assert 0 < turned.delays[0] <= turned.delays[1] <= 500
    still = benchmark.unchanged(made, sides[0], 2, 1000, 0)
    assert (still.early, still.texts) == (0, 2000)
    table = benchmark.markdown([still, turned], made)
    assert "| davidson2017, unchanged | 2 | - | - | 0 | 2,000 | - |" in table
    assert "| davidson2017 to elsewhere | 2 | 2 of 2 |" in table


def test_the_same_seed_draws_the_same_traffic(made: Reference) -> None:
    sides = (seen(made, "en"), seen(made, "de"))
    first, again = (benchmark.turned(made, sides, "elsewhere", 1, 3) for _ in range(2))
    assert first == again
