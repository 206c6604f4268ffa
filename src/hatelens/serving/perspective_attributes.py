"""Which of Perspective's attributes the served model can score, and with what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hatelens.detect import Pipeline
from hatelens.errors import UserError
from hatelens.models.cascade import Cascade
from hatelens.models.detector import Detector, Prediction

HATEFUL = "hateful"
"""Stands for the record's ``hateful`` where an attribute is meant elsewhere."""

OURS: Mapping[str, tuple[str, ...]] = {
    "TOXICITY": ("toxicity", "toxic", HATEFUL),
    "SEVERE_TOXICITY": ("severe_toxicity", "severe_toxic"),
    "IDENTITY_ATTACK": ("identity_attack", "identity_hate", HATEFUL),
    "INSULT": ("insult",),
    "THREAT": ("threat",),
    "PROFANITY": ("profanity", "obscene"),
    "SEXUALLY_EXPLICIT": ("sexually_explicit", "sexual_explicit"),
}
"""Per attribute of Perspective, the attributes of a model that mean the same, best first.

Every model has ``hateful``. It is what Perspective calls an attack on an identity; of toxicity it
is the part that is hate, for want of better.
"""
EXPERIMENTAL = "_EXPERIMENTAL"
LONGEST = 60
"""Characters that are shown of a name."""
THEIR_VERSION = re.compile(r"[0-9]{1,4}|latest")
"""Versions of Perspective's own models, which nobody but Google could answer with."""


class UnknownAttributeError(UserError):
    """A request names attributes that the served model cannot score."""


@dataclass(frozen=True)
class Attributes:
    """What the served model can score of Perspective's attributes.

    Attributes:
        sources: per attribute, the model's attribute that answers it, or ``hateful``.
        model_version: the version that a request may insist on, as in ``TOXICITY@VERSION``.
    """

    sources: Mapping[str, str]
    model_version: str

    def source(self, name: str) -> str:
        """Return what answers an attribute; empty where the model cannot.

        Args:
            name: as requested: ``TOXICITY``, ``TOXICITY_EXPERIMENTAL``, ``TOXICITY@6``, or with
                the version of the served model after the ``@``.
        """
        plain, sign, version = name.partition("@")
        if sign and version != self.model_version and not THEIR_VERSION.fullmatch(version):
            return ""
        return self.sources.get(plain.removesuffix(EXPERIMENTAL), "")

    def check(self, names: list[str]) -> None:
        """Refuse attributes that cannot be scored, all of them at once.

        Args:
            names: as requested.

        Raises:
            UnknownAttributeError: there is one.
        """
        unknown = [ascii(name)[1:-1][:LONGEST] for name in names if not self.source(name)]
        if unknown:
            raise UnknownAttributeError(
                f"Unknown requested attribute: {', '.join(unknown)}. The served model "
                f"({self.model_version}) scores {', '.join(self.sources)}; leave the others out."
            )


def of(pipeline: Pipeline) -> Attributes:
    """Find out which attributes a model can score, whatever the text."""
    has = {HATEFUL, *_named(pipeline.model)}
    found = {name: [ours for ours in OURS[name] if ours in has] for name in OURS}
    sources = {name: ours[0] for name, ours in found.items() if ours}
    return Attributes(sources, pipeline.model_version)


def _named(model: Detector) -> set[str]:
    """Return the attributes (and targets) of a model; of a cascade, those of all its stages."""
    if not isinstance(model, Cascade):
        return set(model.named)
    stages = (model.last, *(stage.detector for stage in model.stages))
    return set.intersection(*(_named(stage) for stage in stages))


def score(prediction: Prediction, source: str) -> float:
    """Return the score that a source has in a prediction, 0-1, to six places as everywhere.

    Args:
        prediction: of the served model.
        source: an attribute of the model, or ``hateful``.
    """
    value = prediction.hateful if source == HATEFUL else prediction.attributes[source]
    return round(value, 6)
