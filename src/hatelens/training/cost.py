"""Measures what a training costs: energy and CO2eq, without a network and without leaving files."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hatelens.errors import ConfigError, require
from hatelens.evaluation.cost import WORLD, Cost

COUNTRY = "HATELENS_COUNTRY"
"""Variable that names the country whose electricity is used, as ``FRA``."""
SECONDS = 15
"""Between two measurements."""
_METERS = {"intel_rapl", "intel_power_gadget", "windows_emi"}


class Meter:
    """Holds the cost once it is known.

    Attributes:
        cost: of what was measured; None while that goes on, or where measuring failed.
    """

    cost: Cost | None = None

    def to_dict(self) -> dict[str, Any] | None:
        """Return the cost as plain JSON values."""
        return None if self.cost is None else self.cost.to_dict()


@contextmanager
def metered() -> Iterator[Meter]:
    """Measure the energy of what happens inside, that of this process and of all its GPUs.

    Raises:
        ConfigError: ``HATELENS_COUNTRY`` names no country that is known.
        MissingExtraError: codecarbon is not installed.
    """
    tracker, place = _tracker()
    meter = Meter()
    tracker.start()
    try:
        yield meter
    finally:
        tracker.stop()
    found = getattr(tracker, "final_emissions_data", None)
    if found is None:
        sys.stderr.write("hatelens: what the training cost could not be measured.\n")
        return
    meter.cost = _cost(found, place, tracker)
    _say(meter.cost)


def country(known: Any) -> str:
    """Return the country that is named, or ``WORLD`` where none is.

    Args:
        known: codes of the countries whose electricity is known.

    Raises:
        ConfigError: it is not among them.
    """
    named = os.environ.get(COUNTRY, "").strip().upper()
    if named and named not in known:
        raise ConfigError(
            f"{COUNTRY} is {named!r}, of whose electricity nothing is known; give a code of three "
            "letters (ISO 3166) as FRA or USA, or unset it for the world's average."
        )
    return named or WORLD


def _tracker() -> tuple[Any, str]:
    codecarbon = require("codecarbon", "train")
    logging.getLogger("codecarbon").setLevel(logging.CRITICAL)
    source = require("codecarbon.input", "train").DataSource()
    place = country(source.get_global_energy_mix_data())
    where: dict[str, Any] = {"country_iso_code": place}
    if place == WORLD:
        average = source.get_carbon_intensity_per_source_data()["world_average"]
        where = {"country_iso_code": "USA", "force_carbon_intensity_g_co2e_kwh": average}
    # What a file of codecarbon's own settings might ask for is set here: nothing is sent or left.
    return (
        codecarbon.OfflineEmissionsTracker(
            **where,
            measure_power_secs=SECONDS,
            tracking_mode="process",
            log_level="critical",
            output_methods=[],
            emissions_endpoint=False,
            electricitymaps_api_token="",
            allow_multiple_runs=True,
        ),
        place,
    )


def _cost(found: Any, place: str, tracker: Any) -> Cost:
    return Cost(
        kwh=found.energy_consumed,
        kg_co2eq=found.emissions,
        hours=round(found.duration / 3600, 4),
        country=place,
        cpu=str(found.cpu_model or "unknown processor"),
        cores=int(found.cpu_count or 0),
        gpu=str(found.gpu_model or ""),
        ram_gb=round(float(found.ram_total_size or 0.0), 1),
        metered=tuple(sorted(_meters(tracker))),
        tool=f"codecarbon {found.codecarbon_version}",
    )


def _meters(tracker: Any) -> Iterator[str]:
    """Yield the parts that have a meter: GPUs do, processors where the system lets it be read."""
    for part in tracker._hardware:  # noqa: SLF001 -- nothing public says how a part is measured
        kind = type(part).__name__
        if kind == "GPU":
            yield "GPU"
        if kind == "AppleSiliconChip" or (kind == "CPU" and part._mode in _METERS):  # noqa: SLF001
            yield getattr(part, "chip_part", "CPU")


def _say(cost: Cost) -> None:
    place = cost.country
    if place == WORLD:
        place += f", as {COUNTRY} names no country"
    estimate = "an estimate of " if cost.is_estimate else ""
    sys.stderr.write(
        f"hatelens: the training took {estimate}{cost.kwh:.4g} kWh, {cost.kg_co2eq:.4g} kg CO2eq "
        f"({place}), {cost.hours:.3g} hours.\n"
    )
