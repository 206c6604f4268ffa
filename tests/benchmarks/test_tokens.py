"""The benchmark of tuning speed, on a tiny language model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.tokens import GROUPED, PACKED, PLAIN, Speed, table

from tests import language_model

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "tokens.py"


def test_the_table_names_the_ratio_to_the_plain_script():
    speeds = [Speed(PLAIN, 1000, 1500, 10.0, 900.0), Speed(PACKED, 1000, 400, 4.0, 700.0)]
    lines = table(speeds, "Speed").splitlines()
    assert f"| {PLAIN} | 100 | 1.00 | 1.50 | 900 |" in lines
    assert f"| {PACKED} | 250 | 2.50 | 0.40 | 700 |" in lines


@pytest.mark.slow
def test_it_measures_all_ways_on_the_same_texts(tmp_path, without_shared_data):
    base = language_model.write(tmp_path / "lm")
    recipe = ["recipe=demo_linear", "model=decoder", "training=decoder", f"model.base={base}"]
    command = [sys.executable, str(SCRIPT), *recipe, "--steps", "3", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    values = {each["name"]: each for each in json.loads((tmp_path / "tokens.json").read_text())}
    assert values.keys() == {PLAIN, GROUPED, PACKED}
    assert len({each["tokens"] for each in values.values()}) == 1
    assert values[PACKED]["computed"] < values[PACKED]["tokens"]
    assert values[PLAIN]["computed"] >= values[PLAIN]["tokens"]
    assert done.stdout.strip() == (tmp_path / "tokens.md").read_text().strip()
