"""The benchmark of robustness: its table, and a small real run."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.robustness import Cell

from benchmarks import robustness
from hatelens.data import catalog
from hatelens.evaluation.estimate import Estimate

SETS = ("stormfront", "davidson2017")


def cell(trained: str, test: str, value: float) -> Cell:
    figure = Estimate(value, value - 0.1, value + 0.1)
    return Cell("linear" if trained else "default", trained, test, 1000, figure, figure)


CELLS = [
    cell("stormfront", "stormfront", 0.8),
    cell("stormfront", "davidson2017", 0.5),
    cell("", "stormfront", 0.7),
    cell("", "davidson2017", 0.9),
]


def test_the_table_says_what_is_lost_away_from_home():
    table = robustness.markdown(CELLS, SETS)
    line = next(line for line in table.splitlines() if line.startswith("| linear | stormfront"))
    assert "**0.800 (0.700 to 0.900)** | 0.500 (0.400 to 0.600) | 0.800 | 0.500 | 0.300 |" in line
    assert "| default | all | 0.700" in table
    assert "stormfront 1,000, davidson2017 1,000" in table


def test_the_picture_is_drawn(tmp_path: Path):
    robustness.drawn(CELLS, SETS, tmp_path / "robustness.png")
    assert (tmp_path / "robustness.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_model_is_trained_once_and_measured_at_home(tmp_path: Path):
    if not catalog.locate(catalog.card("stormfront")):
        pytest.skip("stormfront is not on this machine")
    first = robustness.measured(["linear"], ["stormfront"], tmp_path)
    again = robustness.measured(["linear"], ["stormfront"], tmp_path)
    assert first == again
    assert first[0].home
    assert (first[0].auroc.value or 0) > 0.8
