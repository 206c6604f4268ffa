"""The HTTP shapes of jobs, for OpenAPI: what is sent, what is answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from hatelens.serving.job_files import JobFiles
from hatelens.serving.job_result import MEDIA
from hatelens.serving.record import ERROR, Shape
from hatelens.storage import clock
from hatelens.storage.jobs import Job

OVER = ("done", "failed", "cancelled")
BODY = {
    "required": True,
    "content": {
        "text/csv": {"schema": {"type": "string"}, "example": "text\nGood morning.\n"},
        "application/x-ndjson": {
            "schema": {"type": "string"},
            "example": '{"text": "Good morning."}\n',
        },
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            }
        },
    },
}
RESULT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The rows as they were sent, with the columns that are added.",
        "content": {media: {"schema": {"type": "string"}} for media in MEDIA.values()},
    }
}
_WORDS = {
    400: "The upload is broken.",
    404: "This key has no such job.",
    409: "The job is not done.",
    413: "The upload is too large.",
    415: "Neither CSV nor JSONL.",
    422: "The header is wrong, there are no rows, or a name in the query is too long.",
    429: "Too many jobs are waiting.",
    503: "The record or the disk cannot be written now.",
}


class JobRecord(Shape):
    """A job and how far it is."""

    id: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    name: str = Field(description="Of the file.")
    column: str = Field(description="That holds the texts.")
    community: str = Field(description="Whose thresholds decide; empty for the default ones.")
    created: str = Field(description="ISO 8601 in UTC.")
    rows: int = Field(description="Rows that are dealt with.")
    bad_rows: int = Field(description="Of these, rows that were not scored; the result says why.")
    progress: float = Field(description="Share of the upload that is dealt with, 0-1.")
    error: str = Field(description="Why it failed; empty else.")
    until: str | None = Field(description="When it and its files are removed; null before its end.")
    result: str | None = Field(description="Where the result is; null until it is done.")


def shape(job: Job, files: JobFiles) -> JobRecord:
    """Return what is told of a job.

    Args:
        job: as it is on record.
        files: which say how far it is.
    """
    note, size = files.note(), files.size()
    return JobRecord.model_validate(
        {
            "id": job.id,
            "state": job.state,
            "name": job.name,
            "column": job.column,
            "community": job.community,
            "created": clock.written(job.time),
            "rows": note.rows,
            "bad_rows": note.bad,
            "progress": round(note.read / size, 4) if size else 0.0,
            "error": job.error,
            "until": clock.written(job.until) if job.state in OVER else None,
            "result": f"/jobs/{job.id}/result" if job.state == "done" else None,
        }
    )


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the refusals of a route, by status."""
    return {status: {"description": _WORDS[status], "model": ERROR} for status in statuses}
