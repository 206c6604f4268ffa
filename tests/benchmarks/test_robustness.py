"""The benchmark of robustness: its table, and a small real run."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
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
    assert f"| default | {robustness.MANY} | 0.700" in table
    assert "stormfront 1,000, davidson2017 1,000" in table


def test_the_picture_is_drawn(tmp_path: Path):
    robustness.drawn(CELLS, SETS, tmp_path / "robustness.png")
    assert (tmp_path / "robustness.png").read_bytes().startswith(b"\x89PNG")


def test_the_note_names_what_the_default_has_learned_and_the_cap():
    table = robustness.markdown(CELLS, SETS, ["ghc", "edos"], 4000)
    assert "it has learned from ghc, edos." in table
    assert "`two_stage`: at most 4,000 of each set." in table


def test_the_default_has_learned_from_every_set_of_the_table():
    assert set(robustness.SETS) <= set(robustness.known())


def test_what_was_measured_is_read_as_it_was_written():
    written = json.loads(json.dumps(asdict(CELLS[0])))
    assert robustness.read(written) == CELLS[0]


@pytest.mark.parametrize("word", ["0", "-1", "many", ""])
def test_a_cap_that_is_no_number_of_texts_is_refused_in_a_line(word: str):
    with pytest.raises(argparse.ArgumentTypeError, match="1 or more is allowed"):
        robustness.count(word)


@pytest.mark.slow
def test_models_are_trained_and_measured_once(tmp_path: Path):
    for name in SETS:
        if not catalog.locate(catalog.card(name)):
            pytest.skip(f"{name} is not on this machine")
    first = robustness.measured(["linear"], SETS, tmp_path)
    assert [(one.trained, one.test) for one in first] == [(a, b) for a in SETS for b in SETS]
    assert all((one.auroc.value or 0) > 0.8 for one in first if one.home)
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert len(list((tmp_path / "cells").glob("*.json"))) == len(first)
    assert robustness.measured(["linear"], SETS, tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in made} == made
