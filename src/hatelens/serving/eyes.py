"""The eyes of the service: measures some of the texts that it answers, and watches for drift.

What is measured says nothing of a text but how long it is, in which language, how it scored, and
which of some coarse bins its words fall into. The texts themselves are in memory for a moment.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from hatelens.detect import Pipeline
from hatelens.errors import StorageError
from hatelens.models.detector import Prediction
from hatelens.monitoring import drift
from hatelens.monitoring.reference import Reference
from hatelens.serving.backlog import Backlog
from hatelens.serving.desk import Answered, Asked, Desk
from hatelens.serving.watcher import Watcher
from hatelens.serving.webhook import Webhook
from hatelens.storage import clock, observations
from hatelens.storage.observations import Observed

PAUSE = 2.0
"""Seconds between two turns: rows are written together."""
PRUNE = 600.0
"""Seconds between two looks for rows that are old enough to be removed."""
UNKNOWN = (
    "Model %s has no reference, so its traffic is not watched for drift; add one: "
    "hatelens models reference FOLDER."
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sight:
    """A text that was answered and is not measured yet.

    Attributes:
        time: when it was answered, microseconds since 1970 in UTC.
        reference: of the model that answered.
        text: what was asked about.
        prediction: what was answered.
    """

    time: int
    reference: Reference
    text: str
    prediction: Prediction


class Eyes:
    """Measures a bounded number of texts a second, in a thread of its own.

    Args:
        desk: of the service; open while the eyes are.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rate = desk.settings.drift_rate
        self._second = 0
        self._taken = 0
        self._sights: Backlog[Sight] = Backlog()
        self._references: dict[str, Reference | None] = {}
        self._watcher: Watcher | None = None
        self._webhook = _webhook(desk)
        self._pruned = 0.0
        self._fine = True
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eyes", daemon=True)

    def start(self) -> None:
        """Begin to measure."""
        self._thread.start()

    def close(self) -> None:
        """Write down what was measured, and let another process go on watching."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._webhook is not None:
            self._webhook.close()

    def hear(self, asked: Asked, answered: Answered) -> None:
        """Take in some of what was answered, as far as there is room and time for it."""
        if not self._rate:
            return
        reference = self._reference(answered.served.pipeline)
        if reference is None:
            return
        now, version = clock.now(), answered.served.pipeline.model_version
        # An adapter that answers alone for its community is another model than the one watched.
        places = [
            place for place, one in enumerate(answered.predictions) if one.model_version == version
        ]
        chosen = spread(places, self._room(len(places)))
        kept = self._sights.add(
            [Sight(now, reference, asked.texts[at], answered.predictions[at]) for at in chosen]
        )
        self._desk.metrics.drift(skipped=len(asked.texts) - kept)

    def _reference(self, pipeline: Pipeline) -> Reference | None:
        """Return what a model was made with; None where it has none, which is logged once."""
        version = pipeline.model_version
        if version not in self._references:
            self._references[version] = found = reference(pipeline)
            if found is None:
                logger.warning(UNKNOWN, version)
        return self._references[version]

    def _room(self, wanted: int) -> int:
        """Take from what may be measured in this second."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._taken = second, 0
        granted = min(wanted, self._rate - self._taken)
        self._taken += granted
        return granted

    def _run(self) -> None:
        while not self._closed.wait(PAUSE):
            self._turn()
        self._turn(last=True)

    def _turn(self, *, last: bool = False) -> None:
        try:
            self._measure()
            self._watch(last=last)
            self._prune()
            self._fine = True
        except StorageError as error:
            if self._fine:  # not with every turn
                logger.warning("What was measured for drift cannot be written now: %s", error)
            self._fine = False
        except Exception:  # an outer edge: what fails once must not end it for good
            if self._fine:
                logger.exception("Watching for drift failed.")
            self._fine = False

    def _measure(self) -> None:
        by_model: dict[str, list[Observed]] = {}
        for one in self._sights.take():
            version = one.prediction.model_version
            by_model.setdefault(version, []).append(measured(one))
        for rows in by_model.values():
            try:
                observations.add(self._desk.database, rows)
            except StorageError:
                self._desk.metrics.drift(skipped=len(rows))
                raise
            self._desk.metrics.drift(observed=len(rows))

    def _watch(self, *, last: bool) -> None:
        """Carry on the watch over the model that is served now."""
        pipeline = self._desk.pipeline
        reference = self._reference(pipeline) if self._rate else None
        watcher = self._watcher
        if watcher is not None and (last or watcher.model != pipeline.model_version):
            watcher.look()
            watcher.release()
            self._watcher = watcher = None
        if last or reference is None:
            return
        if watcher is None:
            self._watcher = watcher = Watcher(self._desk, pipeline, reference, self._webhook)
        watcher.look()

    def _prune(self) -> None:
        now = time.monotonic()
        if self._pruned and now - self._pruned < PRUNE:
            return
        self._pruned = now
        days = self._desk.settings.drift_days
        observations.forget(self._desk.database, clock.now() - days * clock.DAY)


@asynccontextmanager
async def kept(eyes: Eyes) -> AsyncIterator[None]:
    """Keep the eyes open as long as the service runs."""
    eyes.start()
    try:
        yield
    finally:
        await run_in_threadpool(eyes.close)


def reference(pipeline: Pipeline) -> Reference | None:
    """Return what a model was made with, as its manifest has it; None where it does not."""
    values = getattr(getattr(pipeline.model, "manifest", None), "reference", None)
    return Reference.from_dict(values) if values else None


def spread(places: list[int], count: int) -> list[int]:
    """Return so many of some places, evenly spread: the begin of a file is not all of it."""
    if count >= len(places):
        return places
    return [places[index * len(places) // count] for index in range(count)]


def measured(sight: Sight) -> Observed:
    """Measure a text."""
    found = drift.observe(sight.text, sight.prediction, sight.reference)
    return Observed(
        time=sight.time,
        model=sight.prediction.model_version,
        score=found.score,
        length=found.length,
        language=found.language,
        sketch=found.sketch,
    )


def _webhook(desk: Desk) -> Webhook | None:
    settings = desk.settings
    if not settings.webhook_url:
        return None
    return Webhook(settings.webhook_url, settings.webhook_secret.get_secret_value())
