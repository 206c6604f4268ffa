"""The fields of a form that a page of ours sends."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import Request

from hatelens.serving import question
from hatelens.serving.answer import RefusalError, shown

MEDIA = "application/x-www-form-urlencoded"
LARGEST = 64 * 1024
"""Bytes: more than the longest note needs, each of its characters escaped."""
MOST = 20


async def read(request: Request) -> dict[str, str]:
    """Read the fields of a form; of one that is there twice, the first.

    Raises:
        RefusalError: 413 too large, 415 no form, 422 not to be read.
    """
    media = request.headers.get("content-type", "")
    if media.partition(";")[0].strip().lower() != MEDIA:
        raise RefusalError(415, f"Content-Type is {shown(media)}; send a form as {MEDIA}.")
    declared = request.headers.get("content-length")
    body = await question.gather(request.stream(), declared, LARGEST)
    try:
        fields = parse_qs(
            body.decode("ascii"), keep_blank_values=True, errors="replace", max_num_fields=MOST
        )
    except ValueError:  # also what is not ASCII
        raise RefusalError(
            422, f"The form cannot be read: at most {MOST} fields, percent-encoded, are allowed."
        ) from None
    return {name: values[0] for name, values in fields.items()}
