"""Takes the jobs that wait, one after the other, and removes those whose time has come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.concurrency import run_in_threadpool

from hatelens.config.settings import ServerSettings
from hatelens.errors import DataError, StorageError
from hatelens.serving import background
from hatelens.serving.answer import RefusalError
from hatelens.serving.desk import Desk
from hatelens.serving.job_files import JobFiles, abandoned
from hatelens.serving.job_run import Bench, OverError, Run, StoppedError, lease
from hatelens.storage import clock, identity, jobs
from hatelens.storage.jobs import Job

PAUSE = 1.0
"""Seconds between two looks for work."""
BEAT = 5.0
SWEEP = 60.0
HOUR = 3600 * clock.SECOND

logger = logging.getLogger(__name__)


@asynccontextmanager
async def working(desk: Desk, settings: ServerSettings) -> AsyncIterator[Worker]:
    """Score jobs until the service stops; the part under way is finished and the job given back."""
    worker = Worker(desk, settings)
    async with background.beside(worker.run()) as task:
        try:
            yield worker
        finally:
            worker.stop()
            await asyncio.wait({task}, timeout=settings.drain)


class Worker:
    """Takes one job after the other. Several, also in other processes, share the work.

    Args:
        desk: answers and records.
        settings: how long results are kept.
    """

    def __init__(self, desk: Desk, settings: ServerSettings) -> None:
        self._bench = Bench(desk, identity.new(), asyncio.Event())
        self._database = desk.database
        self._kept = settings.job_hours * HOUR

    def stop(self) -> None:
        """End after the part under way."""
        self._bench.stopping.set()

    async def run(self) -> None:
        """Work until stopped; what goes wrong with one job does not keep the next from its turn."""
        time = asyncio.get_running_loop().time
        swept = -SWEEP
        while not self._bench.stopping.is_set():
            try:
                if swept + SWEEP < time():
                    swept = time()
                    await run_in_threadpool(self._sweep)
                if job := await run_in_threadpool(self._claim):
                    await self._work(job)
                    continue
            except StorageError as error:
                logger.warning("Jobs wait for the record: %s", error)
            except Exception:  # an outer edge: the worker must outlive what fails
                logger.exception("The worker of jobs failed; it goes on.")
            await self._bench.rest(PAUSE)

    def _claim(self) -> Job | None:
        return jobs.claim(self._database, self._bench.worker, clock.now(), lease())

    async def _work(self, job: Job) -> None:
        """Score a job to its end, or to the end of the service."""
        async with background.beside(self._beat(job)):
            error = await self._ended(job)
        if error:
            await run_in_threadpool(self._fail, job, error)

    async def _ended(self, job: Job) -> str:
        """Score a job; return why that is not possible, else nothing."""
        try:
            run = await run_in_threadpool(Run, self._bench, job)
            await run.score()
            await run_in_threadpool(self._finish, run, job)
        except StoppedError:
            await run_in_threadpool(jobs.release, self._database, job.id, self._bench.worker)
        except OverError:
            await run_in_threadpool(self._tidy, job)
        except (DataError, RefusalError) as error:
            return str(error)
        except StorageError:
            raise  # the lease runs out, and somebody takes the job up again
        except Exception:  # an outer edge: whatever breaks the model ends the job
            logger.exception("The model failed on job %s.", job.id)
            return "The model failed on a row; the server's log says why."
        return ""

    def _finish(self, run: Run, job: Job) -> None:
        until = clock.now() + self._kept
        if not jobs.finish(self._database, job.id, self._bench.worker, done=run.rows, until=until):
            raise OverError
        logger.info("Job %s is done: %d rows.", job.id, run.rows)

    def _fail(self, job: Job, error: str) -> None:
        until = clock.now() + self._kept
        if jobs.fail(self._database, job.id, self._bench.worker, error=error, until=until):
            logger.warning("Job %s failed.", job.id)
        else:
            self._tidy(job)

    def _tidy(self, job: Job) -> None:
        """Remove what was written while the job was removed."""
        if jobs.find(self._database, job.id) is None:
            JobFiles(self._bench.root, job.id).remove()

    async def _beat(self, job: Job) -> None:
        """Keep the job while a part takes its time."""
        files = JobFiles(self._bench.root, job.id)
        while True:
            await asyncio.sleep(BEAT)
            with suppress(StorageError, OverError, OSError):
                rows = (await run_in_threadpool(files.note)).rows
                await run_in_threadpool(self._bench.keep, job.id, rows)

    def _sweep(self) -> None:
        """Remove jobs whose time has come, and what broken uploads have left."""
        root = self._bench.root
        for job in jobs.expired(self._database, clock.now()):
            JobFiles(root, job.id).remove()
            jobs.remove(self._database, job.id)
        for name in abandoned(root):
            if jobs.find(self._database, name) is None:
                JobFiles(root, name).remove()
