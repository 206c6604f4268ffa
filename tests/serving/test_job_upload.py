"""Uploads: forms and bare bodies, written as they come, whatever a stranger sends."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterable

import anyio
import httpx
import pytest
from fastapi import Request
from hypothesis import given, settings
from hypothesis import strategies as st

from hatelens.serving import job_upload
from hatelens.serving.answer import RefusalError
from hatelens.serving.job_upload import Sent, described

LIMIT = 4000


def save(
    chunks: Iterable[bytes], content_type: str, limit: int = LIMIT, *, gone: bool = False
) -> tuple[Sent, bytes]:
    """Let a body arrive in pieces, as a server gives it to the service."""
    messages: list[dict[str, object]] = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
    ]
    messages.append({"type": "http.disconnect"} if gone else {"type": "http.request", "body": b""})
    arriving = iter(messages)

    async def receive() -> dict[str, object]:
        return next(arriving)

    scope = {
        "type": "http",
        "method": "POST",
        "headers": [(b"content-type", content_type.encode("latin-1"))],
    }
    file = io.BytesIO()

    async def run() -> Sent:
        return await job_upload.save(Request(scope, receive), file, limit)

    return anyio.run(run), file.getvalue()


def form(content: bytes, name: str, media: str = "text/csv") -> tuple[bytes, str]:
    request = httpx.Request("POST", "http://x/", files={"file": (name, content, media)})
    return request.read(), request.headers["content-type"]


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ("text/csv", Sent("upload.csv", "csv")),
        ("Text/CSV; charset=utf-8", Sent("upload.csv", "csv")),
        ("application/x-ndjson", Sent("upload.jsonl", "jsonl")),
        ("application/jsonl", Sent("upload.jsonl", "jsonl")),
    ],
)
def test_a_bare_body_is_the_file(media: str, expected: Sent) -> None:
    assert save([b"te", b"xt\na"], media) == (expected, b"text\na")


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_form_is_read_however_it_is_cut(step: int) -> None:
    content = b"text\r\n--not the end\r\na\r\n"
    body, media = form(content, "posts.csv")
    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    assert save(pieces, media) == (Sent("posts.csv", "csv"), content)


def test_nothing_is_held_back_in_memory() -> None:
    big = [b"x" * 65_536] * 400
    head, tail = form(b"SPLIT", "a.csv")[0].split(b"SPLIT")
    media = form(b"SPLIT", "a.csv")[1]

    class Sink(io.RawIOBase):
        size = 0

        def write(self, data: bytes) -> int:  # pyrefly: ignore[bad-override]
            self.size += len(data)
            return len(data)

    boundary = media.partition("boundary=")[2].encode()
    head = b"--" + boundary + head[head.index(b"\r\n") :]
    tail = b"\r\n--" + boundary + b"--\r\n"
    read = job_upload.Form(media)
    sink = Sink()
    tracemalloc.start()
    for chunk in (head, *big, tail):
        read.feed(chunk, sink.write)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read.sent() == Sent("a.csv", "csv")
    assert sink.size == 400 * 65_536
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("name", "media", "expected"),
    [
        ("posts.csv", "", Sent("posts.csv", "csv")),
        ("posts.JSONL", "text/csv", Sent("posts.JSONL", "jsonl")),
        ("posts", "application/x-ndjson", Sent("posts", "jsonl")),
        ("../../etc/p.csv", "", Sent("p.csv", "csv")),
        ("C:\\data\\p.csv", "", Sent("p.csv", "csv")),
        ("März <b>.csv", "", Sent("März _b_.csv", "csv")),
        ("=cmd|'x'\x00\r\n\u202e.csv", "", Sent("_cmd__x_____.csv", "csv")),
        ("", "text/csv", Sent("upload.csv", "csv")),
        ("x" * 300 + ".csv", "", Sent("x" * 96 + ".csv", "csv")),
    ],
)
def test_a_name_is_for_people_and_harmless(name: str, media: str, expected: Sent) -> None:
    assert described(name, media) == expected


@pytest.mark.parametrize(
    ("body", "media", "status", "line"),
    [
        (b"a", "", 415, "Content-Type is ''"),
        (b"a", "text/html", 415, "Send text/csv or application/x-ndjson"),
        (b"a", "multipart/form-data", 400, "has no boundary"),
        (b"a", "multipart/form-data; boundary=" + "x" * 300, 400, "boundary is wrong"),
        (b"nonsense", "multipart/form-data; boundary=x", 400, "The form is broken"),
        (b"", "multipart/form-data; boundary=x", 400, "broke off"),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 400, "The form has no file"),
        (b"x" * (LIMIT + 1), "text/csv", 413, f"larger than {LIMIT} bytes"),
    ],
)
def test_what_is_no_upload_is_refused_in_one_line(
    body: bytes, media: str, status: int, line: str
) -> None:
    with pytest.raises(RefusalError) as caught:
        save([body], media)
    assert caught.value.status == status
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def part(headers: str, content: bytes = b"a") -> bytes:
    return f"--x\r\n{headers}\r\n\r\n".encode("latin-1") + content + b"\r\n"


FILE = 'Content-Disposition: form-data; name="file"; filename="a.csv"'


@pytest.mark.parametrize(
    ("parts", "status", "line"),
    [
        (part('Content-Disposition: form-data; name="column"') + part(FILE), 400, "'column'"),
        (part(FILE) + part(FILE), 400, "more than one file"),
        (part(FILE.replace("a.csv", "a.xlsx")), 415, "'a.xlsx' is neither CSV nor JSONL"),
        (part("X: y"), 400, "has a field ''"),
        (part(f"{'X' * 100}: a\r\n" * 9), 400, "The form is broken"),
        (part(FILE)[:-2], 400, "broke off"),
    ],
)
def test_a_form_with_other_things_is_refused(parts: bytes, status: int, line: str) -> None:
    end = b"" if line == "broke off" else b"--x--\r\n"
    with pytest.raises(RefusalError) as caught:
        save([parts + end], "multipart/form-data; boundary=x")
    assert caught.value.status == status
    assert line in str(caught.value)


def test_a_declared_length_is_enough_to_refuse() -> None:
    async def never() -> dict[str, object]:
        raise AssertionError("the body was read")

    headers = [(b"content-type", b"text/csv"), (b"content-length", b"5000")]
    request = Request({"type": "http", "method": "POST", "headers": headers}, never)

    async def run() -> None:
        await job_upload.save(request, io.BytesIO(), LIMIT)

    with pytest.raises(RefusalError, match="larger than"):
        anyio.run(run)


def test_a_sender_who_goes_away_is_a_refusal() -> None:
    with pytest.raises(RefusalError, match="broke off"):
        save([b"text\n"], "text/csv", gone=True)


def answered(body: bytes, step: int) -> Sent | int:
    """Return what a form in pieces gives: what was sent, or the status of the refusal."""
    form, file = job_upload.Form("multipart/form-data; boundary=x"), io.BytesIO()
    try:
        for at in range(0, len(body), step):
            form.feed(body[at : at + step], file.write)
        return form.sent()
    except RefusalError as error:
        return error.status


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 50))
def test_no_bytes_break_the_form(noise: bytes, step: int) -> None:
    for body in (noise, part(FILE) + noise, b"--x\r\n" + noise):
        assert answered(body, step) in (Sent("a.csv", "csv"), 400, 415)
