"""From the body of ``POST /jobs`` to a file: written as it comes, never whole in memory."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from hatelens.serving.answer import RefusalError, shown

FORM = "multipart/form-data"
MEDIA = {
    "text/csv": "csv",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
}
SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
WANTED = f"Send text/csv or application/x-ndjson, or {FORM} with one file of these."
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Sent:
    """What is known of an upload.

    Attributes:
        name: of the file, for people; letters, digits, spaces and ``.()_-`` only.
        form: ``csv`` or ``jsonl``; empty while nothing says so.
    """

    name: str = ""
    form: str = ""


def kind(content_type: str) -> Sent | None:
    """Return what a body is that is a file by itself; None for a form with a file in it.

    Raises:
        RefusalError: 415, it is neither.
    """
    media = content_type.partition(";")[0].strip().lower()
    if media == FORM:
        return None
    if media not in MEDIA:
        raise RefusalError(415, f"Content-Type is {shown(content_type)}. {WANTED}")
    return Sent(f"upload.{MEDIA[media]}", MEDIA[media])


async def save(request: Request, file: BinaryIO, limit: int) -> Sent:
    """Write the file that a request sends.

    Args:
        request: as it came.
        file: to write to.
        limit: the most bytes that are allowed.

    Returns:
        Its name and form.

    Raises:
        RefusalError: 400 the form is broken or the sender is gone; 413 too large; 415 neither CSV
            nor JSONL.
    """
    content_type = request.headers.get("content-type", "")
    sent = kind(content_type)
    chunks = _bounded(request, limit)
    if sent is not None:
        async for chunk in chunks:
            await run_in_threadpool(file.write, chunk)
        return sent
    form = Form(content_type)
    async for chunk in chunks:
        await run_in_threadpool(form.feed, chunk, file.write)
    return form.sent()


async def _bounded(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Give a body as it comes, and stop as soon as it is too large."""
    too_large = RefusalError(413, f"The upload is larger than {limit} bytes; send it in parts.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise too_large
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise too_large
            yield chunk
    except ClientDisconnect:
        raise RefusalError(400, "The upload broke off; send it again.") from None


class Form:
    """A form with one file in it, read piece by piece.

    Args:
        content_type: of the request, with the boundary.

    Raises:
        RefusalError: 400, there is no boundary, or it is too long.
    """

    def __init__(self, content_type: str) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not boundary:
            raise RefusalError(400, f"The form has no boundary. {WANTED}")
        self._sent: Sent | None = None
        self._name = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._chunks: list[bytes] = []
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_header_field": self._on_name,
                    "on_header_value": self._on_value,
                    "on_header_end": self._on_header,
                    "on_headers_finished": self._on_part,
                    "on_part_data": self._on_data,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise RefusalError(400, f"The form's boundary is wrong. {WANTED}") from error

    def feed(self, chunk: bytes, write: Callable[[bytes], object]) -> None:
        """Read a piece of the form, and write what of it is the file.

        Raises:
            RefusalError: 400, it is no form or holds other things; 415 the file is of another kind.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise RefusalError(400, f"The form is broken. {WANTED}") from error
        for piece in self._chunks:
            write(piece)
        self._chunks.clear()

    def sent(self) -> Sent:
        """Return what was sent.

        Raises:
            RefusalError: 400, there was no file, or the form broke off.
        """
        if self._sent is None or not self._ended:
            found = "has no file" if self._ended else "broke off"
            raise RefusalError(400, f"The form {found}. {WANTED}")
        return self._sent

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _on_part(self) -> None:
        said = self._headers.get(b"content-disposition", b"")
        media = self._headers.get(b"content-type", b"").decode("latin-1")
        self._headers = {}
        options = parse_options_header(said)[1]
        if b"filename" not in options:
            name = shown(options.get(b"name", b"").decode("utf-8", "replace"))
            raise RefusalError(
                400, f"The form has a field {name}; send the file only, and ?column= in the query."
            )
        if self._sent is not None:
            raise RefusalError(400, "The form has more than one file; send one per job.")
        self._sent = described(options[b"filename"].decode("utf-8", "replace"), media)

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._chunks.append(data[start:end])

    def _on_end(self) -> None:
        self._ended = True


def described(filename: str, media: str) -> Sent:
    """Return name and form of a file in a form: by its suffix, else by its type.

    Raises:
        RefusalError: 415, neither says that it is CSV or JSONL.
    """
    name = PurePosixPath(PureWindowsPath(filename).name).name
    plain = re.sub(r"[^\w .()-]", "_", name)[-LONGEST_NAME:]
    form = SUFFIXES.get(PurePosixPath(name).suffix.lower())
    form = form or MEDIA.get(media.partition(";")[0].strip().lower(), "")
    if not form:
        raise RefusalError(415, f"The file {shown(name)} is neither CSV nor JSONL. {WANTED}")
    return Sent(plain or f"upload.{form}", form)
