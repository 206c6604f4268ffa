"""One job, scored part by part behind the requests of people, from where it was left to its end.

A part goes through the desk like any request and so is on record before it is in the result. What a
process that died had on record already is not asked again but taken from there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from hatelens.errors import DataError, ModelError, StorageError
from hatelens.serving import job_result, job_rows
from hatelens.serving.answer import RefusalError
from hatelens.serving.desk import Asked, Desk
from hatelens.serving.job_files import JobFiles, Note
from hatelens.serving.job_result import Scored
from hatelens.serving.job_rows import Row, Sheet
from hatelens.storage import answers, clock, jobs
from hatelens.storage.jobs import Job

ROUTE = "/jobs"
LEASE = 15.0
"""Seconds after which the job of a worker that is not heard of is another's."""
LOOK = 0.02
PATIENCE = 5.0
"""Seconds that a part waits at most for the requests in line: a busy service still gets on."""
PAUSE = 1.0
CLOCK = 60 * clock.SECOND
"""How far a machine's clock may have been set back between a note and the next part."""
TRIES = 3600
"""How often a part asks, a pause apart, while the service is too busy or the record is down."""

logger = logging.getLogger(__name__)


class OverError(Exception):
    """The job is no longer this worker's: it was removed, or another has taken it over."""


class StoppedError(Exception):
    """The service stops before the next part."""


@dataclass(frozen=True)
class Bench:
    """Where a worker works.

    Attributes:
        desk: answers and records.
        worker: who works here.
        stopping: is set when the service stops.
    """

    desk: Desk
    worker: str
    stopping: asyncio.Event

    @property
    def root(self) -> Path:
        """The folder of all jobs."""
        return Path(self.desk.settings.jobs_folder)

    async def rest(self, seconds: float) -> None:
        """Wait, but no longer than the service runs."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)

    def keep(self, job_id: str, rows: int) -> None:
        """Say how far a job is, so that nobody else takes it.

        Raises:
            OverError: it is no longer this worker's.
            StorageError: the record cannot be written.
        """
        if not jobs.progress(
            self.desk.database, job_id, self.worker, done=rows, total=0, lease=lease()
        ):
            raise OverError


class Run:
    """A job that this worker has taken.

    Args:
        bench: where it is worked on.
        job: as it was taken.

    Raises:
        DataError: its files cannot be read.
    """

    def __init__(self, bench: Bench, job: Job) -> None:
        self._bench = bench
        self._job = job
        self._files = JobFiles(bench.root, job.id)
        longest = bench.desk.settings.max_text_chars
        with _disk():
            self._sheet = job_rows.opened(Sheet(self._files.sent, job.form, job.column, longest))
            self._note = self._files.note()
        self._resumed = True

    @property
    def rows(self) -> int:
        """Rows that the result holds."""
        return self._note.rows

    async def score(self) -> None:
        """Score the rest of the job.

        Raises:
            DataError: the files cannot be read or written, or the service is down for an hour.
            OverError: the job is no longer this worker's.
            StoppedError: the service stops.
            StorageError: the record cannot be read or written.
        """
        begin = self._note.read or self._sheet.begin
        parts = job_rows.parts(job_rows.rows(self._sheet, begin))
        while (part := await run_in_threadpool(_next, parts)) is not None:
            self._check_stopping()
            texts = tuple(row.text for row in part if not row.fault)
            found = await self._scored(texts) if texts else []
            await run_in_threadpool(self._write, part, iter(found))

    def _check_stopping(self) -> None:
        if self._bench.stopping.is_set():
            raise StoppedError

    @property
    def _request(self) -> str:
        """Id of the next part's request, the same whoever scores it."""
        return f"{self._job.id}.{self._note.parts}"

    async def _scored(self, texts: tuple[str, ...]) -> Sequence[Scored]:
        """Score the texts of a part when nobody waits, or take them from the record."""
        job, desk = self._job, self._bench.desk
        asked = Asked(texts, ROUTE, community=job.community, key=job.key, request=self._request)
        for _ in range(TRIES):
            await self._turn()
            self._check_stopping()
            try:
                if known := await self._recorded(texts):
                    return known
                answered = await desk.answer(asked)
            except (ModelError, StorageError):
                self._resumed = True  # nobody knows what of it the database has kept
            except RefusalError as error:
                if error.status not in (429, 503):
                    raise
            else:
                self._resumed = False
                return [job_result.predicted(one) for one in answered.predictions]
            await self._bench.rest(PAUSE)
        raise DataError("The service was busy or down for an hour; send the file again later.")

    async def _recorded(self, texts: Sequence[str]) -> list[Scored]:
        """Return what the record has of a part; nothing where it was not scored."""
        if not self._resumed:
            return []
        desk = self._bench.desk
        since = max(self._job.time, self._note.time - CLOCK)
        found = await run_in_threadpool(answers.of_request, desk.database, self._request, since)
        self._resumed = bool(found)  # parts are scored one after the other
        # Other limits than before cut other parts, and then the texts are not these.
        same = [one.text_hash for one in found] == [desk.sealer.hash(text) for text in texts]
        return [job_result.recorded(one) for one in found] if same else []

    async def _turn(self) -> None:
        """Let the requests in line go first."""
        for _ in range(int(PATIENCE / LOOK)):
            if not self._bench.desk.engine.waiting:
                return
            await asyncio.sleep(LOOK)

    def _write(self, part: Sequence[Row], found: Iterator[Scored]) -> None:
        """Add a part to the result.

        Raises:
            DataError: the disk does not take it.
            OverError: the job is no longer this worker's.
        """
        name, before = self._job.name, self._note
        marked = [
            (row, f"{name}, row {number}: {row.fault}" if row.fault else next(found))
            for number, row in enumerate(part, before.rows + 1)
        ]
        note = Note(
            rows=before.rows + len(part),
            bad=before.bad + sum(bool(row.fault) for row in part),
            parts=before.parts + 1,
            read=part[-1].end,
        )
        content = job_result.written(self._sheet, marked)
        head = b"" if before.parts else job_result.head(self._sheet)
        self._bench.keep(self._job.id, note.rows)
        with _disk():
            self._note = self._files.add(head + content, note)


@contextmanager
def _disk() -> Iterator[None]:
    """Say plainly that the files of a job cannot be read or written."""
    try:
        yield
    except FileNotFoundError:
        raise DataError("The files of the job are gone; send the file again.") from None
    except OSError as error:
        logger.exception("The files of a job cannot be read or written.")
        name = type(error).__name__
        raise DataError(
            f"The files of the job cannot be read or written ({name}); send the file again later."
        ) from error


def _next(parts: Iterator[list[Row]]) -> list[Row] | None:
    with _disk():
        return next(parts, None)


def lease() -> int:
    """Return until when a job is its worker's from now on, microseconds since 1970 in UTC."""
    return clock.now() + int(LEASE * clock.SECOND)
