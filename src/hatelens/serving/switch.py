"""Keeps the service at the models that the record names: loads another one, then changes over.

Nobody waits for it: the model that answers goes on until the other one has labelled its first
text, and answers everybody who asked before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from hatelens import detect
from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.errors import ModelError, StorageError, UserError
from hatelens.serving import background
from hatelens.serving.communities import Communities
from hatelens.serving.desk import Answered, Asked, Desk
from hatelens.serving.engine import Engine
from hatelens.serving.shadow import Shadow
from hatelens.storage import database as databases
from hatelens.storage import served
from hatelens.storage.served import ACTIVE, SHADOW, Served

PAUSE = 1.0
FIRST = "Good morning, how are you today?"
LONGEST = 300
"""Characters of a reason on record."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """The model that the service begins with.

    Attributes:
        pipeline: the model.
        named: what the record names; None where it names none, and the settings do.
    """

    pipeline: Pipeline
    named: Served | None = None


def promoted(settings: ServerSettings) -> Served | None:
    """Return the model that was promoted; None where the settings say which one is served.

    Raises:
        StorageError: the record cannot be read.
    """
    database = databases.opened(settings.database)
    try:
        found = served.listed(database).get(ACTIVE)
    finally:
        database.close()
    return found if found and found.path else None


def started(settings: ServerSettings) -> Started:
    """Load the model to begin with: what was promoted wins over the settings.

    Raises:
        ModelError: it is not there, or not what was promoted.
        StorageError: the record cannot be read.
    """
    named = promoted(settings)
    if named is None:
        return Started(detect.load(settings.model))
    try:
        pipeline = loaded(named, settings)
    except UserError as error:
        raise ModelError(
            f"The promoted model cannot be served: {error} Or go back to the one before: "
            "hatelens models rollback."
        ) from error
    return Started(pipeline, named)


def loaded(named: Served, settings: ServerSettings) -> Pipeline:
    """Load a model.

    Raises:
        ModelError: it is not there, or no longer what it was when it was named.
    """
    pipeline = detect.load(named.path or settings.model)
    if named.path and pipeline.model_version != named.version:
        raise ModelError(
            f"{named.path} holds version {pipeline.model_version}, not {named.version} as when it "
            "was named; name it anew: hatelens models shadow FOLDER."
        )
    return pipeline


class Switch:
    """Follows the table ``served``.

    Args:
        desk: open.
        build: makes an engine for a model, not started.
        named: the model that the service begins with, where the record has named it.

    Attributes:
        named: likewise.
    """

    def __init__(
        self, desk: Desk, build: Callable[[Pipeline], Engine], named: Served | None = None
    ) -> None:
        self._desk = desk
        self._build = build
        self.named = named
        self._active = _mark(named)
        self._failed: dict[str, Served] = {}
        self._shadow: Shadow | None = None
        self._shadowed = _mark(None)

    async def look(self) -> None:
        """See what is to be served, and change over where that is something else.

        Raises:
            StorageError: the record cannot be read or written.
        """
        named = await run_in_threadpool(served.listed, self._desk.database)
        active, shadow = named.get(ACTIVE), named.get(SHADOW)
        ended = await self._ended(shadow)
        if _mark(active) != self._active and not self._has_failed(ACTIVE, active):
            await self._change(active or Served(ACTIVE, "", "", 0, ""), ended)
        if shadow and self._shadow is None and not self._has_failed(SHADOW, shadow):
            await self._take_up(shadow)

    def hear(self, asked: Asked, answered: Answered) -> None:
        """Let the model in the shadow hear of an answer."""
        if self._shadow is not None:
            self._shadow.hear(asked, answered)

    async def unshadow(self) -> None:
        """End the model in the shadow, if there is one."""
        if self._shadow is not None:
            shadow, self._shadow, self._shadowed = self._shadow, None, _mark(None)
            await run_in_threadpool(shadow.close)
            self._desk.metrics.served(SHADOW, "")

    async def _ended(self, wanted: Served | None) -> dict[tuple[str, str], Pipeline]:
        """End the shadow unless it is the one that is wanted; return its model by its name."""
        if self._shadow is None or _mark(wanted) == self._shadowed:
            return {}
        path, version, _ = self._shadowed
        pipeline = self._shadow.served.pipeline
        await self.unshadow()
        return {(path, version): pipeline}

    async def _change(self, named: Served, ended: Mapping[tuple[str, str], Pipeline]) -> None:
        """Let another model answer; the one that ran in the shadow need not be loaded again."""
        engine = await self._loaded(named, ended.get((named.path, named.version)))
        if engine is None:
            return
        self._active = _mark(named)
        before = self._desk.pipeline.model_version
        logger.info("Model %s answers from now on.", engine.pipeline.model_version)
        await self._desk.switch(engine)
        logger.info("Model %s has given its last answer.", before)

    async def _take_up(self, named: Served) -> None:
        engine = await self._loaded(named)
        if engine is None:
            return
        desk = self._desk
        shadow = Shadow(
            Communities(engine, desk.policy),
            desk.database,
            lambda: desk.engine.idle,
            desk.metrics,
        )
        shadow.start()
        self._shadow, self._shadowed = shadow, _mark(named)
        desk.metrics.served(SHADOW, named.version)
        logger.info("Model %s runs in the shadow from now on.", named.version)
        await desk.note(served.loaded(named, engine.pipeline.policy_version))

    async def _loaded(self, named: Served, pipeline: Pipeline | None = None) -> Engine | None:
        """Return an engine for a model; None where it cannot be loaded, which is said once."""

        def load() -> Engine:
            found = pipeline or loaded(named, self._desk.settings)
            found.predict([FIRST])  # the first text takes longest, and shows that it can be read
            return self._build(found)

        try:
            return await run_in_threadpool(load)
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with it, the old one goes on
            reason = str(error) if isinstance(error, UserError) else type(error).__name__
        self._failed[named.role] = named
        which = f"{named.version or self._desk.settings.model} ({named.role})"
        logger.warning("Model %s cannot be served; nothing changes: %s", which, reason)
        await self._desk.note(served.failed(named, reason[:LONGEST]))
        return None

    def _has_failed(self, role: str, named: Served | None) -> bool:
        return named is not None and self._failed.get(role) == named


@asynccontextmanager
async def kept(switch: Switch, pause: float = PAUSE) -> AsyncIterator[None]:
    """Look again and again as long as the service runs.

    Args:
        switch: of the service.
        pause: seconds between two looks.
    """
    if switch.named is not None:
        line = "Model %s was promoted; it is served in place of the one that the settings name."
        logger.info(line, switch.named.version)
    try:
        async with background.beside(_run(switch, pause)):
            yield
    finally:
        await switch.unshadow()


async def _run(switch: Switch, pause: float) -> None:
    fine = True
    while True:
        try:
            await switch.look()
            fine = True
        except StorageError as error:
            if fine:  # not every second
                logger.warning("What is to be served cannot be looked up now: %s", error)
            fine = False
        except Exception:  # an outer edge: what fails once must not end it for good
            if fine:
                logger.exception("Following what is to be served failed.")
            fine = False
        await asyncio.sleep(pause)


def _mark(named: Served | None) -> tuple[str, str, int]:
    """Return by what two models are told apart; one without a folder is that of the start."""
    return (named.path, named.version, named.time) if named and named.path else ("", "", 0)
