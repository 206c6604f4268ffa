"""What is compared: adapters and gates that know all platforms, or all but one."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hatelens.config.mixture import ALL, GateModel, GateTraining, MixtureModel, MixtureTraining
from hatelens.evaluation.weighted import Bools
from hatelens.models import folder
from hatelens.models import manifest as manifests
from hatelens.models.base import resolve
from hatelens.models.gate import Gate
from hatelens.models.mixture import MixtureScorer
from hatelens.models.routing import Routing
from hatelens.training import adapters, platforms
from hatelens.training.mixture import Gating, remembered
from hatelens.training.opinions import Opinions
from hatelens.training.trained import Lesson, Material

GATES = {
    "platform": GateTraining(learns_from="platform"),
    "task": GateTraining(learns_from="task"),
    "task with all": GateTraining(learns_from="task"),
}
"""Gates by what they learn from; the last one weighs the adapter over all data, too."""


@dataclass(frozen=True)
class Bench:
    """What all cases share.

    Attributes:
        model: platforms, base and gate.
        training: of the adapters and the gate.
        material: the texts of all platforms.
        runs: folder of the adapters, which are trained once.
        seed: of everything.
    """

    model: MixtureModel
    training: MixtureTraining
    material: Material
    runs: Path
    seed: int

    @property
    def kept(self) -> Bools:
        """Which training texts are for the gates."""
        return platforms.kept(self.material.train.examples, self.training.gate.kept, self.seed)

    def adapter(self, name: str, knows: Sequence[str]) -> Path:
        """Train the adapter of some platforms, once.

        Args:
            name: of its folder.
            knows: the platforms.
        """
        target = self.runs / self._settings() / name
        if (target / manifests.FILE).is_file():
            return target
        train, held_out = (
            np.isin(places(lesson, self.model), knows)
            for lesson in (self.material.train, self.material.held_out)
        )
        with folder.writing(target) as work:
            resume = target.parent / f"{name}-checkpoints"
            part = platforms.part(self.material, train & ~self.kept, held_out, work, resume)
            sys.stderr.write(f"adapter {name!r}: {len(part.train.cleaned)} texts\n")
            adapters.write(self.model, self.training, part, self.seed, name)
        return target

    def _settings(self) -> str:
        """Return a name for the settings and texts of the adapters: another one trains anew."""
        examples = self.material.train.examples
        content = [
            self.model.over.model_dump_json(),
            self.training.adapters.model_dump_json(),
            str(self.training.gate.kept),
            str(self.seed),
            *(f"{one.source}:{one.id}" for one in examples),
            str(self.material.train.classes.tolist()),
        ]
        return hashlib.sha256("\n".join(content).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Case:
    """Adapters and gates that know some platforms.

    Attributes:
        held: the platform that they do not know; None where they know all.
        model: of the platforms that they know.
        opinions: the adapters, on one base in memory.
        gates: by what they learn from.
        told: what each gate has learned.
        held_out: validation texts of the platforms that they know.
    """

    held: str | None
    model: MixtureModel
    opinions: Opinions
    gates: Mapping[str, Gate]
    told: Mapping[str, Mapping[str, object]]
    held_out: Lesson

    def methods(self, *, cat: bool) -> Iterator[tuple[str, MixtureScorer]]:
        """Give what is compared, by name.

        Args:
            cat: whether the sum of updates is, which asks the base once more for each text.
        """
        gates = self.gates
        for name in self.model.platforms:
            yield f"adapter {name}", self._scorer("platform", Routing("one", adapter=name))
        yield "all data", self._scorer("platform", Routing("all"))
        yield "uniform", self._scorer("platform", Routing("uniform"))
        yield "top-1", self._scorer("platform", Routing("top_k", 1))
        yield "top-2", self._scorer("platform", Routing("top_k", 2))
        for name in gates:
            yield f"dynamic, gate from {name}", self._scorer(name, Routing("blend"))
        if cat:
            yield "dynamic, gate from platform, cat", self._scorer("platform", Routing("cat"))

    def _scorer(self, gate: str, routing: Routing) -> MixtureScorer:
        return MixtureScorer(self.opinions, self.gates[gate], routing)


def case(bench: Bench, held: str | None) -> Case:
    """Train or find the adapters and gates that know all platforms but one.

    Args:
        bench: what is shared.
        held: the platform to hold out; None for none.
    """
    known = {name: sets for name, sets in bench.model.platforms.items() if name != held}
    model = bench.model.model_copy(update={"platforms": known})
    folders = {name: bench.adapter(name, [name]) for name in known}
    folders[ALL] = bench.adapter(f"{ALL}-but-{held}" if held else ALL, list(known))
    opinions = remembered(folders)
    train, held_out = (_known(lesson, bench, list(known)) for lesson in _lessons(bench))
    gates: dict[str, Gate] = {}
    told: dict[str, Mapping[str, object]] = {}
    base = resolve(model.gate.base, model.gate.revision)
    for name, training in GATES.items():
        values = model.gate.model_dump() | {"all_data": name == "task with all"}
        own = model.model_copy(update={"gate": GateModel.model_validate(values)})
        gating = Gating(own, training, opinions, base)
        gates[name], told[name] = gating.learn(train, held_out, bench.seed)
    return Case(held, model, opinions, gates, told, held_out)


def places(lesson: Lesson, model: MixtureModel) -> np.ndarray:
    """Return the platform of each text of a lesson."""
    return np.array(platforms.of(lesson.examples, model.platforms))


def _lessons(bench: Bench) -> tuple[Lesson, Lesson]:
    material = bench.material
    return platforms.lesson(material.train, bench.kept), material.held_out


def _known(lesson: Lesson, bench: Bench, known: Sequence[str]) -> Lesson:
    return platforms.lesson(lesson, np.isin(places(lesson, bench.model), known))
