"""Erases what has been kept long enough: at the start, then every hour."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool

from hatelens.errors import StorageError
from hatelens.serving import background
from hatelens.serving.desk import Desk
from hatelens.storage import clock, erasure

PAUSE = 3600.0

logger = logging.getLogger(__name__)


@asynccontextmanager
async def kept(desk: Desk, pause: float = PAUSE) -> AsyncIterator[None]:
    """Hold the record to the times that the settings give, as long as the service runs.

    Args:
        desk: the record and the settings.
        pause: seconds between two looks.
    """
    async with background.beside(_run(desk, pause)):
        yield


def erase(desk: Desk) -> None:
    """Erase texts whose time is over and, where the settings say so, old answers.

    Raises:
        StorageError: the database does not answer.
    """
    now = clock.now()
    texts = erasure.expire(desk.database, now)
    days = desk.settings.record_days
    answers = erasure.forget(desk.database, now - days * clock.DAY) if days else 0
    if texts or answers:
        logger.info("Erased by age: %d texts, %d answers and suggestions.", texts, answers)


async def _run(desk: Desk, pause: float) -> None:
    while True:
        try:
            await run_in_threadpool(erase, desk)
        except StorageError as error:
            logger.warning("Nothing can be erased now: %s", error)
        except Exception:  # an outer edge: what fails once must not end it for good
            logger.exception("Erasing by age failed.")
        await asyncio.sleep(pause)
