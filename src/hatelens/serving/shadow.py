"""A second model that labels what was answered, out of the way of those who ask."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hatelens.errors import StorageError
from hatelens.models.detector import Prediction
from hatelens.serving.backlog import Backlog
from hatelens.serving.communities import Communities
from hatelens.serving.desk import Answered, Asked
from hatelens.serving.metrics import Metrics
from hatelens.storage import clock, shadows
from hatelens.storage.database import Database
from hatelens.storage.shadows import Shadowed

BATCH = 8
"""Texts of a pass: few, for a pass is not broken off when somebody asks."""
SHARE = 0.25
"""Part of the time that it takes while others are being answered."""
LOOK = 0.02
"""Seconds between two looks whether the service is still busy."""
PAUSE = 1.0
"""Seconds after which what it says is written down at the latest."""
TOGETHER = 256
"""Rows that are written together at the latest."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """A text that waits.

    Attributes:
        answer: id of the answer that was given.
        text: what was asked about.
        community: whose thresholds decide.
    """

    answer: str
    text: str
    community: str


class Shadow:
    """Labels what it hears of in a thread of its own, and writes down what it would have said.

    While others are answered it works for a part of the time only; what does not fit into its
    line is counted and not waited for. Texts are in memory until they are labelled, nowhere else.

    Args:
        served: the second model, with its adapters and the communities' thresholds.
        database: the record.
        idle: says whether nobody waits for an answer.
        metrics: counts what is compared, and what is not.
        share: part of the time that it works while others are answered.

    Attributes:
        served: likewise.
    """

    def __init__(
        self,
        served: Communities,
        database: Database,
        idle: Callable[[], bool],
        metrics: Metrics,
        share: float = SHARE,
    ) -> None:
        self.served = served
        self._database = database
        self._idle = idle
        self._metrics = metrics
        self._share = share
        self._items: Backlog[Item] = Backlog()
        self._filled = threading.Event()
        self._closed = threading.Event()
        self._rows: list[Shadowed] = []
        self._fine = True
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)

    @property
    def version(self) -> str:
        """Version of the second model."""
        return self.served.pipeline.model_version

    def start(self) -> None:
        """Begin to label."""
        self._thread.start()

    def close(self) -> None:
        """End after the pass that is under way; what waits is left out."""
        self._closed.set()
        self._filled.set()
        if self._thread.is_alive():
            self._thread.join()

    def hear(self, asked: Asked, answered: Answered) -> None:
        """Take in what was answered, as far as there is room for it."""
        pairs = zip(answered.ids, asked.texts, strict=True)
        items = [Item(answer, text, asked.community) for answer, text in pairs]
        self._metrics.shadow(self.version, dropped=len(items) - self._items.add(items))
        self._filled.set()

    def _run(self) -> None:
        written = time.monotonic()
        while not self._closed.is_set():
            if items := self._taken():
                self._label(items)
            now = time.monotonic()
            if self._rows and (len(self._rows) >= TOGETHER or now - written >= PAUSE):
                self._write()
                written = now
        self._write()

    def _taken(self) -> list[Item]:
        """Wait a moment for texts of one community and take some; nothing where none came."""
        self._filled.wait(PAUSE if not self._rows else PAUSE / 4)
        self._filled.clear()  # before it takes: what comes from here on sets it again
        taken = self._items.take(BATCH, alike=lambda item: item.community)
        if self._items:
            self._filled.set()
        return taken

    def _label(self, items: Sequence[Item]) -> None:
        begin = time.monotonic()
        try:
            found = self._decided(items)
        except Exception as error:  # noqa: BLE001 -- whatever breaks this model breaks no answer
            if self._fine:  # not with every pass
                logger.warning("The model in the shadow failed (%s).", type(error).__name__)
            self._fine = False
            self._metrics.shadow(self.version, dropped=len(items))
            self._rest(PAUSE)
            return
        self._fine = True
        now = clock.now()
        self._rows += [
            Shadowed(item.answer, self.version, now, one.label, one.hateful, one.decision)
            for item, one in zip(items, found, strict=True)
        ]
        self._rest((time.monotonic() - begin) * (1 / self._share - 1))

    def _decided(self, items: Sequence[Item]) -> list[Prediction]:
        community = items[0].community
        pipeline = self.served.engine.answering(self.served.adapter(community))
        found = pipeline.predict([item.text for item in items])
        return [self.served.decided(one, community) for one in found]

    def _rest(self, seconds: float) -> None:
        """Leave the processor to those who ask, for so long or until nobody does."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._idle():
            if self._closed.wait(LOOK):
                return

    def _write(self) -> None:
        rows = self._rows
        if not rows:
            return
        self._rows = []
        try:
            shadows.add(self._database, rows)
        except StorageError as error:
            logger.warning("What the model in the shadow says cannot be written now: %s", error)
            self._metrics.shadow(self.version, dropped=len(rows))
        else:
            self._metrics.shadow(self.version, compared=len(rows))
