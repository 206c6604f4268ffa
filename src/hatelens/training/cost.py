"""Measures what a training costs: energy and CO2eq, without a network and without leaving files.

A training that is killed and goes on has cost what all its starts took, the lost work included.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hatelens.errors import ConfigError, require
from hatelens.evaluation.cost import WORLD, Cost

COUNTRY = "HATELENS_COUNTRY"
"""Variable that names the country whose electricity is used, as ``FRA``."""
SECONDS = 15
"""Between two measurements."""
NOTED = 4
"""Measurements after which the cost so far is written down."""
KEPT = "cost.json"
"""What the starts before this one have cost, in the folder that outlives them."""
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


class _Notes:
    """What codecarbon tells of a measurement that goes on; it has the methods of its outputs."""

    def __init__(self, note: Callable[[Any], None]) -> None:
        self._note = note

    def live_out(self, total: Any, _: Any) -> None:
        self._note(total)

    def out(self, *_: Any) -> None:
        """Do nothing: the end is asked for."""

    task_out = exit = out


@contextmanager
def metered(resume: Path | None = None) -> Iterator[Meter]:
    """Measure the energy of what happens inside, that of this process and of all its GPUs.

    Args:
        resume: folder that outlives a killed run. What is in it of earlier starts is added, and
            the cost so far is written there once a minute; None to count this start alone.

    Raises:
        ConfigError: ``HATELENS_COUNTRY`` names no country that is known.
        MissingExtraError: codecarbon is not installed.
    """
    earlier = _earlier(resume)
    meter = Meter()
    tracker, place = _tracker(lambda found: _keep(resume, earlier, _cost(found, place, tracker)))
    tracker.start()
    try:
        yield meter
    finally:
        tracker.stop()
    found = getattr(tracker, "final_emissions_data", None)
    if found is None:
        sys.stderr.write("hatelens: what the training cost could not be measured.\n")
        return
    now = _cost(found, place, tracker)
    _keep(resume, earlier, now)
    meter.cost = now.after(earlier)
    _say(meter.cost)


def _earlier(resume: Path | None) -> Cost | None:
    """Return what the starts before this one have cost; None where there was none."""
    file = resume / KEPT if resume else None
    if file is None or not file.is_file():
        return None
    return Cost.from_dict(json.loads(file.read_text(encoding="utf-8")))


def _keep(resume: Path | None, earlier: Cost | None, now: Cost) -> None:
    if resume is None or not resume.is_dir():  # nothing is kept there that could be gone on from
        return
    part = resume / f"{KEPT}.part"
    part.write_text(json.dumps(now.after(earlier).to_dict()), encoding="utf-8")
    part.replace(resume / KEPT)


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


def _tracker(note: Callable[[Any], None]) -> tuple[Any, str]:
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
            output_methods=["logger"],
            logging_logger=_Notes(note),
            api_call_interval=NOTED,
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
