"""Asks the servers that a detector stands on whether they are up."""

from __future__ import annotations

from hatelens.models.cascade import Cascade
from hatelens.models.classifier import Classifier
from hatelens.models.detector import Detector


def check(detector: Detector) -> None:
    """Check every server that a detector asks; a detector without servers is always ready.

    Raises:
        UnavailableError: a server does not answer.
        ModelError: a server holds another model than the detector was made with.
    """
    if isinstance(detector, Cascade):
        for part in (*(stage.detector for stage in detector.stages), detector.last):
            check(part)
        return
    scorer = detector.scorer if isinstance(detector, Classifier) else None
    healthy = getattr(scorer, "healthy", None)
    if healthy is not None:
        healthy()
