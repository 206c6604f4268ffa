"""Seeded hostile requests to every route of an OpenAPI document; nothing offensive."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from tests import hostile, injections

EDGE = "an-edge"
MARK = "a mark that stands nowhere else"
PAGES = ("/", "/docs", "/openapi.json", "/static/{name}", "/{nothing}", "/report/{nothing}")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY", "A" * 99)
FIELDS = ("format", "since", "until", "community", "key", "input_data", "column", "api-version")
HEADERS = (
    "accept",
    "authorization",
    "content-length",
    "cookie",
    "expect",
    "host",
    "if-none-match",
    "ocp-apim-subscription-key",
    "origin",
    "range",
    "transfer-encoding",
    "x-api-key",
    "x-forwarded-for",
    "x-request-id",
)


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    Attributes:
        method: as in the document, in capitals.
        path: with ``{names}``.
        query: names of its parameters.
        needed: those that it cannot do without, with a good value.
        bodies: media type and an example of what it takes.
    """

    method: str
    path: str
    query: tuple[str, ...] = ()
    needed: tuple[tuple[str, str], ...] = ()
    bodies: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Sent:
    """One hostile request.

    Attributes:
        operation: that it is aimed at.
        method: most often the operation's own.
        url: path and query, in ASCII.
        headers: names and values.
        content: the body.
    """

    operation: Operation
    method: str
    url: str
    headers: tuple[tuple[str, bytes], ...] = ()
    content: bytes = field(default=b"", repr=False)


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """Return every operation of an OpenAPI document, and the pages beside it."""
    found = [
        Operation(
            method.upper(),
            path,
            tuple(one["name"] for one in _queries(told)),
            tuple((one["name"], _good(one["schema"])) for one in _queries(told) if needed(one)),
            tuple(_bodies(told)),
        )
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    ]
    return found + [Operation("GET", path) for path in PAGES]


def _queries(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in told.get("parameters", ()) if one["in"] == "query"]


def needed(parameter: Mapping[str, Any]) -> bool:
    """Say whether an operation cannot do without a parameter."""
    return bool(parameter.get("required"))


def _good(schema: Mapping[str, Any]) -> str:
    return str(schema.get("enum", ["Good morning."])[0])


def _bodies(told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for media, body in told.get("requestBody", {}).get("content", {}).items():
        for example in body.get("examples", {}).values():
            yield media, example["value"]
        if "example" in body or "examples" not in body:
            yield media, body.get("example", "")


def requests(
    found: Sequence[Operation], count: int, seed: int = 0, longest: int = hostile.MEGABYTE
) -> Iterator[Sent]:
    """Give ``count`` hostile requests, the same ones for the same seed, the operations by turns."""
    rng = random.Random(seed)
    texts = hostile.strings(count, seed, longest)
    for number, text in enumerate(texts):
        chosen = text if rng.random() < 0.6 else rng.choice(injections.ALL)
        yield aimed(rng, found[number % len(found)], chosen)


def aimed(rng: random.Random, operation: Operation, text: str) -> Sent:
    """Put a hostile text somewhere into a request to an operation."""
    short = text[:400]
    method = operation.method if rng.random() < 0.95 else rng.choice(METHODS)
    media, content = _body(rng, operation, text)
    headers = [("content-type", media.encode("latin-1", "replace"))] if media is not None else []
    if rng.random() < 0.2:
        headers.append((rng.choice(HEADERS), short.encode("utf-8", "surrogatepass")))
    url = path(operation, short) + query(rng, operation, short)
    return Sent(operation, method, url, tuple(headers), content)


def path(operation: Operation, text: str) -> str:
    """Fill the names of a path with a text."""
    head, brace, tail = operation.path.partition("{")
    if not brace:
        return head
    return head + _quoted(text) + tail.partition("}")[2]


def query(rng: random.Random, operation: Operation, text: str) -> str:
    """Return a query with hostile values, of this operation's names and of others."""
    good = dict(operation.needed)
    if rng.random() < 0.5:
        return f"?{urlencode(good)}" if good else ""
    names = rng.sample([*operation.query * 4, *FIELDS, text[:50]], rng.randint(1, 3))
    values = [text, "", "1e999", "2026-02-30", "\x00", "a" * 3000]
    pairs = {name: rng.choice(values) for name in names}
    pairs |= good if rng.random() < 0.5 else {}
    kind = rng.random()
    if kind < 0.1:
        return "?" + quote(text.encode("utf-8", "surrogatepass"), safe="&=%;+#/")[:3000]
    return "?" + urlencode(pairs, errors="surrogatepass")


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _body(rng: random.Random, operation: Operation, text: str) -> tuple[str | None, bytes]:
    if not operation.bodies or rng.random() < 0.1:
        kind = rng.choice((None, *(media for media, _ in operation.bodies), *hostile.TYPES))
        return kind, rng.choice((b"", text.encode("utf-8", "surrogatepass")))
    media, example = rng.choice(operation.bodies)
    if media == "multipart/form-data":
        return f"{media}; boundary={EDGE}", _form(rng, text)
    if media != "application/json":
        return media, _changed(rng, text, str(example))
    makers: tuple[Callable[[random.Random, list[Any], str], bytes], ...] = (
        _with_text,
        _with_text,
        _with_value,
        _with_name,
        _cut,
        _deep,
    )
    # In a list of one, so that the whole of it is a place, too.
    held = [copy.deepcopy(example)]
    return media, rng.choice(makers)(rng, held, text)


def _form(rng: random.Random, text: str) -> bytes:
    """Return an upload with a hostile name, a hostile content, or both."""
    name = rng.choice(("file", text[:200]))
    file = rng.choice(("rows.csv", "rows.jsonl", "../../rows.csv", text[:200]))
    head = f'Content-Disposition: form-data; name="{name}"; filename="{file}"'
    rows = rng.choice(("text\nGood morning.\n", f"text\n{text}\n", text))
    whole = f"--{EDGE}\r\n{head}\r\n\r\n{rows}\r\n--{EDGE}--\r\n"
    return whole.encode("utf-8", "surrogatepass")


def _changed(rng: random.Random, text: str, example: str) -> bytes:
    whole = rng.choice((text, example + text, text + example, example.replace(",", text)))
    return whole.encode("utf-8", "surrogatepass")


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to every leaf of a JSON value."""
    if not isinstance(value, (dict, list)) or not value:
        yield at
        return
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        yield from places(one, (*at, key))


def put(value: Any, way: Sequence[Any], new: Any) -> None:
    """Put something at a leaf of a JSON value."""
    for key in way[:-1]:
        value = value[key]
    value[way[-1]] = new


def _json(value: Any) -> bytes:
    return json.dumps(value).encode("ascii")


def _one(held: list[Any]) -> bytes:
    return _json(held[0])


def _with_text(rng: random.Random, held: list[Any], text: str) -> bytes:
    put(held, rng.choice(list(places(held))), text)
    return _one(held)


def _with_value(rng: random.Random, held: list[Any], text: str) -> bytes:
    put(held, rng.choice(list(places(held))), MARK)
    return _one(held).replace(_json(MARK), rng.choice(hostile.VALUES).encode())


def _with_name(rng: random.Random, held: list[Any], text: str) -> bytes:
    way = rng.choice(list(places(held)))
    holder: Any = held
    for key in way[: rng.randrange(len(way))]:
        holder = holder[key]
    if isinstance(holder, dict):
        name = rng.choice(list(holder))
        holder[text[:500]] = holder.pop(name) if rng.random() < 0.5 else text[:500]
    return _one(held)


def _cut(rng: random.Random, held: list[Any], text: str) -> bytes:
    whole = _with_text(rng, held, text)
    return whole[: rng.randrange(len(whole))]


def _deep(rng: random.Random, held: list[Any], text: str) -> bytes:
    put(held, rng.choice(list(places(held))), MARK)
    depth = rng.choice((10, 999, 20_000))
    return _one(held).replace(_json(MARK), b"[" * depth + b"]" * rng.choice((0, depth)))
