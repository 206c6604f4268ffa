"""``POST /jobs``: a file of texts, scored in the background; its progress, its result, its end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathPart
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from hatelens.config.settings import ServerSettings
from hatelens.serving import caller, job_rows, job_upload
from hatelens.serving import community as communities
from hatelens.serving.answer import Json, RefusalError
from hatelens.serving.community import Community
from hatelens.serving.desk import Desk
from hatelens.serving.job_files import JobFiles
from hatelens.serving.job_record import BODY, OVER, RESULT, JobRecord, refusals, shape
from hatelens.serving.job_result import MEDIA
from hatelens.serving.job_rows import Sheet
from hatelens.storage import clock, identity, jobs
from hatelens.storage.jobs import Job

PATH = "/jobs"
ID = re.compile(f"[{identity.DIGITS}]{{{identity.LENGTH}}}")
LONGEST_COLUMN = 256
UPLOADS = 4
HOUR = 3600 * clock.SECOND
Column = Annotated[
    str,
    Query(
        description="Column, or field, that holds the texts.",
        json_schema_extra={"maxLength": LONGEST_COLUMN, "minLength": 1},
    ),
]

# What is no id at all is answered as an id that there is not.
JobId = Annotated[str, PathPart(json_schema_extra={"pattern": f"^{ID.pattern}$"})]


def router(desk: Desk, settings: ServerSettings) -> APIRouter:
    """Return the routes of jobs; ``job_worker.working`` does what they ask for."""
    routes = APIRouter(tags=["jobs"])
    office = Office(desk, settings)

    @routes.post(
        PATH,
        status_code=202,
        summary="Have a file scored in the background",
        response_class=Json,
        responses={202: {"description": "It is queued.", "model": JobRecord}}
        | refusals(400, 413, 415, 422, 429, 503),
        openapi_extra={"requestBody": BODY},
    )
    async def send(
        request: Request, column: Column = "text", community: Community = ""
    ) -> Response:
        """Take a CSV or JSONL file and queue it; only the key that sends it sees the job."""
        job = Job(
            id=identity.new(),
            time=clock.now(),
            key=caller.of(request).key,
            community=communities.checked(community),
            name="",
            form="",
            column=_column(column),
        )
        made = await office.receive(request, job)
        return Json(made.model_dump(), status_code=202, headers={"Location": f"{PATH}/{made.id}"})

    @routes.get(
        f"{PATH}/{{job_id}}",
        summary="How far a job is",
        response_class=Json,
        responses={200: {"description": "The job.", "model": JobRecord}} | refusals(404, 503),
    )
    async def progress(request: Request, job_id: JobId) -> Response:
        """Say what has become of a job."""
        record = await run_in_threadpool(office.shape, job_id, caller.of(request).key)
        return Json(record.model_dump())

    @routes.get(
        f"{PATH}/{{job_id}}/result",
        summary="The result of a job",
        response_class=FileResponse,
        responses=RESULT | refusals(404, 409, 503),
    )
    async def result(request: Request, job_id: JobId) -> Response:
        """Send the rows as they came, with what the model says of each behind them."""
        return await run_in_threadpool(office.result, job_id, caller.of(request).key)

    @routes.delete(
        f"{PATH}/{{job_id}}",
        status_code=204,
        summary="End a job and remove its files",
        responses=refusals(404, 503),
    )
    async def remove(request: Request, job_id: JobId) -> Response:
        """End a job, wherever it is, and remove all of it but the answers on record."""
        await run_in_threadpool(office.remove, job_id, caller.of(request).key)
        return Response(status_code=204)

    return routes


class Office:
    """What the routes of jobs do.

    Args:
        desk: holds the database, once the service runs.
        settings: the limits.
    """

    def __init__(self, desk: Desk, settings: ServerSettings) -> None:
        self._desk = desk
        self._settings = settings
        self._root = Path(settings.jobs_folder)
        self._receiving = 0

    async def receive(self, request: Request, job: Job) -> JobRecord:
        """Write an upload to its file, look at its header and queue the job.

        Raises:
            RefusalError: 400, 413 or 415 for the upload; 429 too many are waiting; 503 the disk
                does not take it.
            DataError: the header is wrong.
            StorageError: the record cannot be written.
        """
        files = JobFiles(self._root, job.id)
        with self._door(), _disk():
            with files.receiving() as file:
                sent = await job_upload.save(request, file, self._settings.max_job_bytes)
            job = replace(job, name=sent.name, form=sent.form)
            try:
                await run_in_threadpool(self._queue, job, files)
            except BaseException:
                files.remove()
                raise
        return await run_in_threadpool(shape, job, files)

    def _queue(self, job: Job, files: JobFiles) -> None:
        longest = self._settings.max_text_chars
        job_rows.opened(Sheet(files.sent, job.form, job.column, longest))
        until = job.time + self._settings.job_hours * HOUR
        if not jobs.add(self._desk.database, replace(job, until=until), self._settings.max_jobs):
            raise RefusalError(
                429,
                f"{self._settings.max_jobs} jobs are waiting already; try again when one is done.",
                retry_after=60,
            )

    @contextmanager
    def _door(self) -> Iterator[None]:
        """Let in so many uploads at once as the disk has to stand."""
        if self._receiving >= UPLOADS:
            line = f"{UPLOADS} uploads are coming in already; try again later."
            raise RefusalError(429, line, retry_after=10)
        self._receiving += 1
        try:
            yield
        finally:
            self._receiving -= 1

    def find(self, job_id: str, key: str) -> Job:
        """Return a job of a key.

        Raises:
            RefusalError: 404, this key has none of this id.
            StorageError: the record cannot be read.
        """
        job = jobs.find(self._desk.database, job_id) if ID.fullmatch(job_id) else None
        if job is None or job.key != key:
            raise RefusalError(404, "This key has no such job; its files may be removed already.")
        return job

    def shape(self, job_id: str, key: str) -> JobRecord:
        """Return what is told of a job.

        Raises:
            RefusalError: 404, this key has none of this id.
            StorageError: the record cannot be read.
        """
        job = self.find(job_id, key)
        return shape(job, JobFiles(self._root, job.id))

    def result(self, job_id: str, key: str) -> Response:
        """Return the file that a job has made.

        Raises:
            RefusalError: 404, this key has none of this id; 409, it is not done.
            StorageError: the record cannot be read.
        """
        job = self.find(job_id, key)
        if job.state != "done":
            what = f": {job.error}" if job.error else ""
            todo = "send the file again" if job.state in OVER else f"ask GET {PATH}/{job.id}"
            raise RefusalError(409, f"The job is {job.state}{what}; {todo}.")
        name, made = PurePosixPath(job.name), JobFiles(self._root, job.id).made
        if not made.is_file():
            raise RefusalError(404, "The files of the job are gone; send the file again.")
        return FileResponse(
            made,
            media_type=MEDIA[job.form],
            filename=f"{name.stem}-scored{name.suffix}",
        )

    def remove(self, job_id: str, key: str) -> None:
        """Remove a job; whoever is at work on it finds it gone and stops.

        Raises:
            RefusalError: 404, this key has none of this id.
            StorageError: the record cannot be written.
        """
        job = self.find(job_id, key)
        jobs.remove(self._desk.database, job.id)
        JobFiles(self._root, job.id).remove()


def _column(name: str) -> str:
    if not 1 <= len(name) <= LONGEST_COLUMN:
        raise RefusalError(
            422,
            f"column has {len(name)} characters; 1 to {LONGEST_COLUMN} are allowed. Name a column.",
        )
    return name


@contextmanager
def _disk() -> Iterator[None]:
    """Say plainly that the disk does not take an upload."""
    try:
        yield
    except OSError as error:
        line = f"The upload cannot be kept here ({type(error).__name__}); try again later."
        raise RefusalError(503, line, retry_after=60) from error
