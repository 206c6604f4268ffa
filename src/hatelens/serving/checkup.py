"""How well a model does by its own scores, and whether those who judge its answers say so, too."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from hatelens.detect import Pipeline
from hatelens.monitoring import performance
from hatelens.monitoring.drift import Alarm
from hatelens.monitoring.performance import Estimate
from hatelens.storage import judged, observations
from hatelens.storage.database import Database

RECENT = 1000
"""Newest texts that an estimate is made from."""
FEWEST = 50
"""Texts below which there is no estimate."""
SHOWN = ("flag_rate", "precision", "recall", "f1", "accuracy")


@dataclass(frozen=True, slots=True)
class Checkup:
    """An estimate and what verdicts say of it.

    Attributes:
        estimate: from the scores alone.
        verdicts: number of answers that people have judged because the model was in doubt.
        hateful: of which they found hateful.
        alarm: that the verdicts contradict the estimate; None where they do not.
    """

    estimate: Estimate
    verdicts: int
    hateful: int
    alarm: Alarm | None

    def figures(self) -> dict[str, float]:
        """Return the estimated figures that are defined, by name."""
        found = ((name, getattr(self.estimate, name).value) for name in SHOWN)
        return {name: float(value) for name, value in found if value is not None}

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "estimate": asdict(self.estimate),
            "verdicts": self.verdicts,
            "hateful": self.hateful,
            "contradicted": self.alarm is not None,
            "explanation": self.alarm.explanation if self.alarm else "",
        }


def made(database: Database, pipeline: Pipeline, since: int) -> Checkup | None:
    """Estimate how well a model does, and hold that against verdicts.

    Verdicts on appeals are left out: somebody had objected, so they say little of the others.

    Args:
        database: the record.
        pipeline: the model.
        since: time of the oldest verdict, microseconds since 1970 in UTC.

    Returns:
        None where too few texts were measured.

    Raises:
        StorageError: the record cannot be read.
    """
    version = pipeline.model_version
    scores = observations.scores(database, version, RECENT)
    if len(scores) < FEWEST:
        return None
    estimate = performance.estimated(scores, pipeline.thresholds.flag)
    verdicts = [
        (one.score, one.hateful)
        for one in judged.listed(database, version, since)
        if one.origin == "doubt"
    ]
    return Checkup(
        estimate,
        len(verdicts),
        sum(hateful for _, hateful in verdicts),
        performance.checked(verdicts),
    )
