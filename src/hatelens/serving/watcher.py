"""Carries on the watch over one model's traffic: in one process of the service at a time."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from hatelens.detect import Pipeline
from hatelens.monitoring import drift
from hatelens.monitoring.drift import Observation, Watch
from hatelens.monitoring.reference import Reference
from hatelens.serving import checkup
from hatelens.serving.desk import Desk
from hatelens.serving.history import History
from hatelens.serving.webhook import Webhook
from hatelens.storage import clock, identity, observations, watches
from hatelens.storage.alarms import Alarm
from hatelens.storage.watches import Mark

PATIENCE = 15 * clock.SECOND
"""How long the process that watches may be silent until another one steps in."""
MOST = 2000
"""Observations of a turn."""

logger = logging.getLogger(__name__)


class Watcher:
    """Reads on in what was measured, and raises the alarms.

    Args:
        desk: of the service.
        pipeline: the model.
        reference: what it was made with.
        webhook: where alarms are sent; None for nowhere.
    """

    def __init__(
        self, desk: Desk, pipeline: Pipeline, reference: Reference, webhook: Webhook | None = None
    ) -> None:
        self._desk = desk
        self._pipeline = pipeline
        self._reference = reference
        self._webhook = webhook
        self._watch = Watch(reference)
        self._history = History()
        self._checked: Mapping[str, Any] = {}
        self._mine: Mark | None = None

    @property
    def model(self) -> str:
        """Version of the model that is watched."""
        return self._pipeline.model_version

    def look(self) -> list[Alarm]:
        """Look at what has come since, unless another process does; return the alarms.

        Raises:
            StorageError: the record cannot be used.
        """
        before = watches.begun(self._desk.database, self.model)
        if before != self._mine and not self._takes_over(before):
            return []
        rows = observations.after(self._desk.database, self.model, before.seen, MOST)
        if not rows:
            return []
        found = [
            alarm
            for row in rows
            for alarm in self._watch.add(
                Observation(row.score, row.length, row.language, row.sketch), time=row.time
            )
        ]
        shown = asdict(self._watch.state())
        found += self._noted(psi(shown))
        raised = [self._recorded(one) for one in found]
        now = Mark(self.model, clock.now(), rows[-1].id)
        if not watches.keep(self._desk.database, before, now, self._state(shown), raised):
            self._mine = None  # another process was first, and has raised what there was to raise
            return []
        self._mine = now
        self._desk.metrics.psi(psi(shown))
        for one in raised:
            self._tell(one)
        return raised

    def release(self) -> None:
        """Let another process go on at once.

        Raises:
            StorageError: the record cannot be used.
        """
        if self._mine is not None:
            watches.release(self._desk.database, self._mine)
            self._mine = None

    def _takes_over(self, at: Mark) -> bool:
        """Go on where another process has stopped; False while it has not."""
        self._mine = None
        if clock.now() - at.time < PATIENCE:
            return False
        state = watches.state(self._desk.database, at)
        if state is None:
            return False
        kept = state.get("watch")
        self._watch = Watch.from_dict(self._reference, kept) if kept else Watch(self._reference)
        self._history = History.from_dict(state.get("history", {}))
        self._checked = state.get("checked", {})
        self._mine = at
        return True

    def _noted(self, figures: Mapping[str, float]) -> Sequence[drift.Alarm]:
        """Add a point to the course where one is due, and hold the estimate against verdicts."""
        now = clock.now()
        if not self._history.is_due(now):
            return []
        days = self._desk.settings.drift_days
        self._history.forget(now - days * clock.DAY)
        found = checkup.made(self._desk.database, self._pipeline, now - days * clock.DAY)
        if found is None:
            self._history.add(now, figures)
            return []
        self._history.add(now, {**figures, **found.figures()})
        # One alarm for one contradiction: it rests until estimate and verdicts agree again.
        rests = bool(self._checked.get("contradicted"))
        self._checked = found.to_dict()
        return [found.alarm] if found.alarm is not None and not rests else []

    def _state(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "watch": self._watch.to_dict(),
            "shown": shown,
            "history": self._history.to_dict(),
            "checked": self._checked,
        }

    def _recorded(self, found: drift.Alarm) -> Alarm:
        return Alarm(
            id=identity.new(),
            time=found.time or clock.now(),
            model=self.model,
            signal=found.signal,
            method=found.method,
            value=found.value,
            limit=found.limit,
            window=found.window,
            explanation=found.explanation,
        )

    def _tell(self, alarm: Alarm) -> None:
        logger.warning("Drift of model %s: %s", self.model, alarm.explanation)
        self._desk.metrics.alarm(alarm.signal, alarm.method)
        if self._webhook is not None:
            self._webhook.send({"kind": "drift.alarm", **alarm.to_dict()})


def psi(shown: Mapping[str, Any]) -> dict[str, float]:
    """Return how far each signal is from the reference, of the state of a watch."""
    return {name: float(one["psi"]) for name, one in shown["signals"].items()}
