"""The record of what a training cost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hatelens.evaluation.cost import Cost

COST = Cost(
    kwh=0.5,
    kg_co2eq=0.1,
    hours=2.0,
    country="FRA",
    cpu="Some Processor",
    cores=2,
    gpu="",
    ram_gb=23.5,
    metered=(),
    tool="codecarbon 3",
)


def test_it_comes_back_from_json():
    values = json.loads(json.dumps(COST.to_dict()))
    assert Cost.from_dict(values) == COST
    assert values["grams_per_kwh"] == 200.0
    assert values["estimate"] is True


def test_without_energy_nothing_is_said_of_a_kilowatt_hour():
    assert replace(COST, kwh=0.0).grams_per_kwh == 0.0


@pytest.mark.parametrize(
    ("gpu", "metered", "estimate", "basis"),
    [
        ("", (), True, "estimated from load and nominal power for CPU and RAM"),
        (
            "",
            ("CPU",),
            False,
            "read from a meter for CPU; estimated from load and nominal power for RAM",
        ),
        (
            "1 x GPU",
            ("GPU",),
            True,
            "read from a meter for GPU; estimated from load and nominal power for CPU and RAM",
        ),
        (
            "1 x GPU",
            ("CPU", "GPU"),
            False,
            "read from a meter for CPU and GPU; estimated from load and nominal power for RAM",
        ),
    ],
)
def test_it_says_what_is_an_estimate(gpu, metered, *, estimate, basis):
    cost = replace(COST, gpu=gpu, metered=metered)
    assert cost.is_estimate is estimate
    assert cost.basis == basis


def test_the_hardware_is_named():
    assert COST.hardware == "Some Processor (2 logical cores), 24 GB, no GPU"
    assert replace(COST, gpu="1 x Card").hardware.endswith(", 1 x Card")
