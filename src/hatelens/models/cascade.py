"""The kind ``cascade``: a cheap detector clears what it is sure of, a stronger one has the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from hatelens.errors import ModelError
from hatelens.labels import Floats, LabelSet
from hatelens.models import folder as folders
from hatelens.models import reading
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Detector, Prediction
from hatelens.models.manifest import Manifest
from hatelens.models.windows import Range


@dataclass(frozen=True)
class Band:
    """What a stage answers itself; everything else goes on to the next one.

    Attributes:
        clear_below: it answers where its ``hateful`` is below this.
        flag_above: and where it is above this; None to leave all of those to the next stage.
        scale: points (its ``hateful``, what the last stage says of such texts on average), rising
            in both: they bring its answers to the scale of the last stage. Empty to keep them.
    """

    clear_below: float
    flag_above: float | None = None
    scale: tuple[tuple[float, float], ...] = ()

    def answers(self, hateful: float) -> bool:
        """Say whether a score is outside the band, so that the stage answers itself."""
        above = self.flag_above is not None and hateful > self.flag_above
        return hateful < self.clear_below or above

    def scaled(self, hateful: Floats) -> Floats:
        """Bring scores to the scale of the last stage, 0-1; the same shape."""
        if not self.scale:
            return hateful
        points = np.array(self.scale)
        return np.interp(hateful, points[:, 0], points[:, 1])

    def to_dict(self) -> dict[str, Any]:
        """Return the band as plain JSON values."""
        return {
            "clear_below": self.clear_below,
            "flag_above": self.flag_above,
            "scale": [list(point) for point in self.scale],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Band:
        """Read a band from a manifest."""
        above = values.get("flag_above")
        return cls(
            float(values["clear_below"]),
            None if above is None else float(above),
            tuple((float(x), float(y)) for x, y in values.get("scale", ())),
        )


@dataclass(frozen=True)
class Stage:
    """A detector that does not see every text through to the end, and what it answers itself."""

    detector: Detector
    band: Band


class Cascade:
    """A ``Detector`` from detectors of any kind, the cheapest first.

    A text that a stage clears was seen by no later one: it has no attributes, targets or spans.

    Args:
        stages: all but the last, in order.
        last: answers what no stage did; gives the classes and languages.
        manifest: versions and thresholds.

    Raises:
        ModelError: there is no stage before the last, or the labels are independent of each other.
    """

    def __init__(self, stages: Sequence[Stage], last: Detector, manifest: Manifest) -> None:
        if not stages:
            raise ModelError("A cascade needs a stage before the last one; use the last one alone.")
        if last.labels.multi:
            raise ModelError("A cascade needs labels of which a text bears one.")
        self.stages = tuple(stages)
        self.last = last
        self.manifest = manifest
        self.labels: LabelSet = last.labels
        self.languages: tuple[str, ...] = last.languages
        self.named: Mapping[str, float] = last.named
        self.thresholds: Thresholds = manifest.thresholds
        self.model_version = manifest.model_version
        self.policy_version = manifest.policy_version

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Label texts, in order, one prediction each; every stage has its share in one batch."""
        answers: dict[int, Prediction] = {}
        left = list(range(len(texts)))
        for number, stage in enumerate(self.stages):
            # The texts were cut to what the first stage reads whole; the others cut further.
            label = partial(reading.predict, stage.detector) if number else stage.detector.predict
            said = label([texts[i] for i in left])
            answers |= self._early(dict(zip(left, said, strict=True)), stage.band)
            left = [i for i in left if i not in answers]
        said = reading.predict(self.last, [texts[i] for i in left])
        answers |= {i: self._signed(one) for i, one in zip(left, said, strict=True)}
        return [answers[i] for i in range(len(texts))]

    def windows(self, text: str) -> list[Range]:
        """Cut a text into what the first stage reads whole; later ones cut it further."""
        return self.stages[0].detector.windows(text)

    def _early(self, said: Mapping[int, Prediction], band: Band) -> dict[int, Prediction]:
        """Return what a stage answers itself, on the scale and in the labels of the last stage."""
        sure = {i: one for i, one in said.items() if band.answers(one.hateful)}
        scaled = band.scaled(np.array([one.hateful for one in sure.values()])).tolist()
        return {
            i: self._answer(one, hateful)
            for (i, one), hateful in zip(sure.items(), scaled, strict=True)
        }

    def _answer(self, said: Prediction, hateful: float) -> Prediction:
        scores = _spread(said.scores, hateful, self.labels)
        label = max(scores, key=scores.__getitem__)
        return self._signed(replace(said, label=label, hateful=hateful, scores=scores))

    def _signed(self, said: Prediction) -> Prediction:
        return replace(
            said,
            decision=self.thresholds.decide(said.hateful),
            model_version=self.model_version,
            policy_version=self.policy_version,
        )


def load(folder: Path, manifest: Manifest) -> Cascade:
    """Open a folder of this kind and the folders of its stages.

    Raises:
        ModelError: a stage is missing, or is not the one that the cascade was fitted with.
    """
    settings = manifest.architecture["stages"]
    parts = [folders.load(str(part(folder, values))) for values in settings]
    stages = [
        Stage(detector, Band.from_dict(values))
        for detector, values in zip(parts[:-1], settings[:-1], strict=True)
    ]
    return Cascade(stages, parts[-1], manifest)


def part(folder: Path, values: Mapping[str, Any]) -> Path:
    """Find the folder of a stage: inside the cascade's folder, or beside it (``../name``).

    Raises:
        ModelError: its path leads elsewhere, or it is not of the recorded version.
    """
    named = PurePosixPath(str(values["folder"]))
    steps = named.parts[1:] if named.parts[:1] == ("..",) else named.parts
    if named.is_absolute() or not steps or ".." in steps:
        raise ModelError(
            f"{folder} names a stage {str(named)!r}; a stage lies in the folder or beside it."
        )
    # Of the real folder: a link to a cascade must find what lies beside the cascade.
    found = folder.resolve() / named
    version = folders.read(found).model_version  # before it is opened: no cascade of itself
    if version != values["model_version"]:
        raise ModelError(
            f"{folder} was fitted with version {values['model_version']} of {str(named)!r}; found "
            f"{version}: copy that one, or train the cascade again."
        )
    return found


def _spread(scores: Mapping[str, float], hateful: float, labels: LabelSet) -> dict[str, float]:
    """Share ``hateful`` among the hateful labels and the rest among the others, as a stage does.

    Labels that the stage does not know share alike where it knows none of their side.
    """
    spread: dict[str, float] = {}
    for hateful_side, mass in ((True, hateful), (False, 1.0 - hateful)):
        names = [name for name in labels.names if (name in labels.hateful) == hateful_side]
        known = [scores.get(name, 0.0) for name in names]
        whole = sum(known)
        for name, share in zip(names, known, strict=True):
            spread[name] = mass * (share / whole if whole > 0 else 1 / len(names))
    return {name: spread[name] for name in labels.names}
