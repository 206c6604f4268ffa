"""What a training cost: energy, CO2eq, hours and hardware, as a record and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from hatelens.evaluation.caption import caption

WORLD = "world average"
"""What stands for a country where none is named."""
_PARTS = ("CPU", "GPU", "RAM")


@dataclass(frozen=True)
class Cost:
    """What a training cost.

    Attributes:
        kwh: energy that processors, GPUs and memory took, in kilowatt hours.
        kg_co2eq: CO2 equivalents of making that energy, in kilograms.
        hours: that it took, by the clock.
        country: whose electricity it was, by its ISO code; or ``WORLD``.
        cpu: its model.
        cores: logical processors of the machine.
        gpu: number and model; empty without one.
        ram_gb: memory of the machine in gigabytes.
        metered: parts whose energy a meter told; that of the others is estimated.
        tool: what measured, with its version.
    """

    kwh: float
    kg_co2eq: float
    hours: float
    country: str
    cpu: str
    cores: int
    gpu: str
    ram_gb: float
    metered: tuple[str, ...]
    tool: str

    @property
    def grams_per_kwh(self) -> float:
        """Grams of CO2eq that a kilowatt hour stands for; 0 where no energy was seen."""
        return 1000 * self.kg_co2eq / self.kwh if self.kwh else 0.0

    @property
    def hardware(self) -> str:
        """The machine in words."""
        gpu = f", {caption(self.gpu)}" if self.gpu else ", no GPU"
        return f"{caption(self.cpu)} ({self.cores} logical cores), {self.ram_gb:.0f} GB{gpu}"

    @property
    def is_estimate(self) -> bool:
        """Whether the energy of the processors, or of the GPU where there is one, had no meter."""
        return "CPU" not in self.metered or bool(self.gpu and "GPU" not in self.metered)

    @property
    def basis(self) -> str:
        """How far the figures can be believed, in words."""
        guessed = [
            part for part in _PARTS if part not in self.metered and (part != "GPU" or self.gpu)
        ]
        read = f"read from a meter for {' and '.join(self.metered)}; " if self.metered else ""
        return (
            f"{read}estimated from load and nominal power for {' and '.join(guessed)}"
            if guessed
            else f"read from a meter for {' and '.join(self.metered)}"
        )

    def after(self, earlier: Cost | None) -> Cost:
        """Return what both took, on the machine of the later one; itself where there is none."""
        if earlier is None:
            return self
        return replace(
            self,
            kwh=earlier.kwh + self.kwh,
            kg_co2eq=earlier.kg_co2eq + self.kg_co2eq,
            hours=round(earlier.hours + self.hours, 4),
            metered=tuple(sorted({*earlier.metered} & {*self.metered})),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self) | {
            "metered": list(self.metered),
            "grams_per_kwh": round(self.grams_per_kwh, 1),
            "estimate": self.is_estimate,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Cost:
        """Read a cost from its JSON values."""
        fields: dict[str, Any] = {name: values[name] for name in cls.__dataclass_fields__}
        return cls(**fields | {"metered": tuple(values["metered"])})
