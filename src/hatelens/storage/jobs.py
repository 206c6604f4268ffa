"""Jobs: which uploaded files wait to be scored, and who is at work on them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from hatelens.storage import chain
from hatelens.storage.database import Database
from hatelens.storage.tables import jobs

WAITING, RUNNING, DONE, FAILED, CANCELLED = (
    "waiting", "running", "done", "failed", "cancelled",
)  # fmt: skip
STATES = (WAITING, RUNNING, DONE, FAILED, CANCELLED)
GOING = jobs.c.state.in_((WAITING, RUNNING))
EXPIRED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Job:
    """One uploaded file.

    Attributes:
        id: of the job.
        time: when it came, microseconds since 1970 in UTC.
        key: id of the key that sent it, the only one that sees it; empty without keys.
        community: that it named; empty without one.
        name: of the file, for people.
        form: ``csv`` or ``jsonl``.
        column: that holds the texts.
        state: one of ``STATES``.
        done: rows that are scored.
        total: rows that there are; 0 while that is unknown.
        error: why it failed, in one line; empty else.
        lease: until when its worker has it, microseconds; past that another takes it over.
        worker: that is at work on it; empty for none.
        until: when it and its files are removed, microseconds.
    """

    id: str
    time: int
    key: str
    community: str
    name: str
    form: str
    column: str
    state: str = WAITING
    done: int = 0
    total: int = 0
    error: str = ""
    lease: int = 0
    worker: str = ""
    until: int = 0


def add(database: Database, job: Job, most: int) -> bool:
    """Queue a job; False where ``most`` are waiting or running already.

    Raises:
        StorageError: the database cannot be used.
    """
    with database.begin() as connection:
        chain.lock(connection)  # of two for the last place, the second counts later
        going = connection.execute(select(func.count()).select_from(jobs).where(GOING)).scalar_one()
        if going >= most:
            return False
        connection.execute(insert(jobs).values(_row(job)))
    return True


def find(database: Database, job_id: str) -> Job | None:
    """Return a job; None where there is none of this id.

    Raises:
        StorageError: the database cannot be read.
    """
    with database.read() as connection:
        row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
    return Job(**row._asdict()) if row else None


def claim(database: Database, worker: str, now: int, lease: int) -> Job | None:
    """Take the oldest job that waits, or whose worker has not been heard of for too long.

    Args:
        database: the record.
        worker: who takes it.
        now: microseconds since 1970 in UTC.
        lease: until when it is this worker's, microseconds.

    Returns:
        The job as it is now, ``running``, with ``done`` as the last worker left it; None where
        nothing is to be done.

    Raises:
        StorageError: the database cannot be used.
    """
    orphaned = and_(jobs.c.state == RUNNING, jobs.c.lease < now)
    free = select(jobs).where(or_(jobs.c.state == WAITING, orphaned))
    oldest = free.order_by(jobs.c.time, jobs.c.id).limit(1)
    with database.read() as connection:  # an idle worker asks often: it must not lock others out
        if connection.execute(oldest).first() is None:
            return None
    taken: dict[str, Any] = {"state": RUNNING, "worker": worker, "lease": lease}
    with database.begin() as connection:
        row = connection.execute(oldest.with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        connection.execute(update(jobs).where(jobs.c.id == row.id).values(taken))
    return Job(**(row._asdict() | taken))


def progress(
    database: Database, job_id: str, worker: str, *, done: int, total: int, lease: int
) -> bool:
    """Say how far a job is, and keep it; False where it is no longer this worker's.

    Raises:
        StorageError: the database cannot be used.
    """
    return _change(database, _held(job_id, worker), done=done, total=total, lease=lease)


def finish(database: Database, job_id: str, worker: str, *, done: int, until: int) -> bool:
    """End a job that is scored; False where it is no longer this worker's.

    Raises:
        StorageError: the database cannot be used.
    """
    held = _held(job_id, worker)
    return _change(database, held, state=DONE, done=done, total=done, until=until, worker="")


def fail(database: Database, job_id: str, worker: str, *, error: str, until: int) -> bool:
    """End a job that cannot be scored; False where it is no longer this worker's.

    Raises:
        StorageError: the database cannot be used.
    """
    held = _held(job_id, worker)
    return _change(database, held, state=FAILED, error=error, until=until, worker="")


def release(database: Database, job_id: str, worker: str) -> bool:
    """Give a job back, to be taken up again at once; False where it is no longer this worker's.

    Raises:
        StorageError: the database cannot be used.
    """
    return _change(database, _held(job_id, worker), state=WAITING, lease=0, worker="")


def cancel(database: Database, job_id: str) -> bool:
    """End a job that waits or runs; False where it is over already.

    Raises:
        StorageError: the database cannot be used.
    """
    return _change(database, and_(jobs.c.id == job_id, GOING), state=CANCELLED, worker="")


def expired(database: Database, now: int) -> list[Job]:
    """Return the jobs that are over and whose time to be removed has come, at most 100.

    Raises:
        StorageError: the database cannot be read.
    """
    over = select(jobs).where(~GOING, jobs.c.until <= now)
    with database.read() as connection:
        rows = connection.execute(over.order_by(jobs.c.until).limit(EXPIRED_AT_ONCE))
        return [Job(**row._asdict()) for row in rows]


def remove(database: Database, job_id: str) -> None:
    """Remove the row of a job.

    Raises:
        StorageError: the database cannot be used.
    """
    with database.begin() as connection:
        connection.execute(delete(jobs).where(jobs.c.id == job_id))


def _row(job: Job) -> dict[str, Any]:
    return {field.name: getattr(job, field.name) for field in fields(job)}


def _held(job_id: str, worker: str) -> ColumnElement[bool]:
    return and_(jobs.c.id == job_id, jobs.c.state == RUNNING, jobs.c.worker == worker)


def _change(database: Database, which: ColumnElement[bool], **values: Any) -> bool:
    with database.begin() as connection:
        return connection.execute(update(jobs).where(which).values(values)).rowcount == 1
