"""Seeded hostile input: strings for ``detect``, bodies for ``POST /infer``; nothing offensive."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MEGABYTE = 1024 * 1024
MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert('x')>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)//",
    "<!--#exec cmd='ls'-->",
    "&lt;b&gt;&#x41;&#1114112;&#xD800;&amp;amp;",
    "</textarea></title></style>",
)
SQL = (
    "'; DROP TABLE answers; --",
    '" OR 1=1 --',
    "1 UNION SELECT * FROM users",
    "Robert'); DELETE FROM texts;/*",
)
SHELL = ("$(id)", "`id`", "../../../../etc/passwd", "%00%0a%n%s%x", "\\x00\\u0000", "=1+1|cmd")
ODD = (
    "\u200b\u200c\u200d\u2060\ufeff",
    "\u202e\u2066\u2067\u2069txet desrever",
    "\ud800",
    "\udfff tail",
    "\udc80\udcff",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 20,
    "a" + "\u0301" * 500,
    "\ufdfa" * 50,
    "\U0010ffff\ufffe\uffff",
    "\x00",
    "\r\n\t\x0b\x0c\x85\u2028\u2029",
    " " * 1000,
    "İıßẞǰΐ" * 50,
    "Z o r b l a x i a n s",
    "Z0rbl4x1ans \u0396\u043erblaxians",
)


def strings(count: int, seed: int = 0, longest: int = MEGABYTE) -> Iterator[str]:
    """Give ``count`` hostile strings, none empty, the same ones for the same seed.

    One in about 500 has up to ``longest`` characters, the others at most some thousands.
    """
    rng = random.Random(seed)
    makers: tuple[Callable[[random.Random], str], ...] = (
        _anything,
        _anything,
        _controls,
        _surrogates,
        _one_block,
        _listed,
        _mixture,
        _repeated,
    )
    for number in range(count):
        if number % 500 == 250:
            yield _huge(rng, longest)
        else:
            yield rng.choice(makers)(rng)


def _characters(rng: random.Random, low: int, high: int, most: int = 300) -> str:
    return "".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, most)))


def _anything(rng: random.Random) -> str:
    return _characters(rng, 0, 0x10FFFF)


def _controls(rng: random.Random) -> str:
    return "".join(rng.choice("ab \x00\x01\x08\x1b\x7f\x9b\u202e\u200b") for _ in range(200))


def _surrogates(rng: random.Random) -> str:
    return "Zorblaxians " + _characters(rng, 0xD800, 0xDFFF, 40)


def _one_block(rng: random.Random) -> str:
    start = rng.randrange(0, 0x3000, 0x80)
    return _characters(rng, start, start + 0x7F)


def _listed(rng: random.Random) -> str:
    return rng.choice(MARKUP + SQL + SHELL + ODD)


def _mixture(rng: random.Random) -> str:
    parts = [rng.choice((_anything, _controls, _listed, _one_block))(rng) for _ in range(4)]
    return " the Veluvians ".join(parts)


def _repeated(rng: random.Random) -> str:
    return _listed(rng) * rng.randint(2, 30)


def _huge(rng: random.Random, longest: int) -> str:
    piece = rng.choice((_listed, _one_block, _mixture))(rng) + rng.choice(("", " "))
    return (piece * (longest // len(piece) + 1))[:longest]


@dataclass(frozen=True)
class Body:
    """One hostile request body.

    Attributes:
        content: the bytes.
        content_type: the header; None to send none.
    """

    content: bytes
    content_type: str | None = "application/json"


VALUES = (
    "NaN",
    "Infinity",
    "-Infinity",
    "null",
    "true",
    "0",
    "-1",
    "1e400",
    "1" * 400,
    "9" * 5000,
    "[]",
    "{}",
    '""',
    '"\\ud800"',
    '"\\u0000"',
    '"\\x"',
    "'single'",
    '["Veluvians", 1]',
    '["", "Quendari"]',
    '{"text": "inside"}',
)
FIELDS = ("text", "texts", "explain", "Text", "\\u0000", "__proto__", "<b>", "model", "")
TYPES = (
    None,
    "",
    "text/html",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "text/plain; charset=latin-1",
    "APPLICATION/JSON ; CHARSET=UTF-8",
    "application/json;;;=;charset",
    "x" * 3000,
)


def bodies(count: int, seed: int = 0, longest: int = MEGABYTE) -> Iterator[Body]:
    """Give ``count`` hostile bodies: some well-formed around a hostile string."""
    rng = random.Random(seed)
    makers: tuple[Callable[[random.Random, str], Body], ...] = (
        _well_formed,
        _well_formed,
        _many,
        _plain,
        _wrong_value,
        _wrong_type,
        _cut,
        _deep,
        _noise,
    )
    for text in strings(count, seed, longest):
        maker = _well_formed if len(text) == longest else rng.choice(makers)
        yield maker(rng, text)


def _json(value: object) -> bytes:
    return json.dumps(value).encode("ascii")


def _well_formed(rng: random.Random, text: str) -> Body:
    explain = rng.random() < 0.2 and len(text) < 400
    return Body(_json({"text": text, "explain": explain}))


def _many(rng: random.Random, text: str) -> Body:
    return Body(_json({"texts": [text, rng.choice(ODD), "Good morning."]}))


def _plain(rng: random.Random, text: str) -> Body:
    # surrogatepass makes bytes that are not UTF-8: a 400; the others are labelled.
    return Body(text.encode("utf-8", "surrogatepass"), "text/plain")


def _wrong_value(rng: random.Random, text: str) -> Body:
    pairs = (f'"{rng.choice(FIELDS)}": {rng.choice(VALUES)}' for _ in range(rng.randint(1, 3)))
    return Body(("{" + ", ".join(pairs) + "}").encode())


def _wrong_type(rng: random.Random, text: str) -> Body:
    return Body(_json({"text": text}), rng.choice(TYPES))


def _cut(rng: random.Random, text: str) -> Body:
    whole = _json({"text": text})
    return Body(whole[: rng.randrange(len(whole))])


def _deep(rng: random.Random, text: str) -> Body:
    depth = rng.choice((10, 999, 1001, 20_000, 200_000))
    opening, closing = rng.choice((("[", "]"), ('{"text":', "}")))
    return Body((opening * depth + "1" + closing * rng.choice((0, depth))).encode())


def _noise(rng: random.Random, text: str) -> Body:
    kind = rng.choice(("application/json", "text/plain"))
    return Body(rng.randbytes(rng.randint(0, 300)), kind)
