"""The JSON body of a request, read within its limits, and its fields, each of its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from hatelens.errors import unknown
from hatelens.serving import question
from hatelens.serving.answer import RefusalError, shown
from hatelens.serving.question import JSON, TYPES
from hatelens.serving.strict_json import loads


async def read(request: Request, limit: int, wanted: str) -> dict[str, Any]:
    """Read the object that a request sends; a large one is parsed outside of the event loop.

    Args:
        request: as it came.
        limit: the most bytes that are allowed.
        wanted: the sentence that says what to send.

    Raises:
        RefusalError: 400 empty, not UTF-8, not JSON or no object; 413 too large; 415 not said to
            be JSON.
    """
    media = request.headers.get("content-type", "")
    if question.kind(media) != JSON:
        raise RefusalError(415, f"Content-Type is {shown(media)}; send {JSON}. {wanted}")
    declared = request.headers.get("content-length")
    body = await question.gather(request.stream(), declared, limit)
    values = await run_in_threadpool(loads, body, wanted)
    if not isinstance(values, dict):
        raise RefusalError(
            400, f"The JSON is {TYPES[type(values)]}; it must be an object. {wanted}"
        )
    return values


def check_names(values: Mapping[str, Any], allowed: Iterable[str]) -> None:
    """Refuse a field that there is not: a misspelt one must not be passed over in silence.

    Raises:
        RefusalError: 400, naming it and the one that was probably meant.
    """
    allowed = tuple(allowed)
    for name in values:
        if name not in allowed:
            raise RefusalError(400, unknown("field", shown(name, 40)[1:-1], allowed))


def typed(name: str, value: Any, wanted: type) -> Any:
    """Return a value that is of a type.

    Raises:
        RefusalError: 400, it is of another.
    """
    if type(value) is not wanted:
        raise RefusalError(400, f"{name} is {TYPES[type(value)]}; it must be {TYPES[wanted]}.")
    return value


def integer(name: str, value: Any) -> int:
    """Return a value that is a whole number; 2.0 is one, as JSON Schema has it.

    Raises:
        RefusalError: 400, it is none.
    """
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is not int:
        what = shown(str(value), 40) if type(value) is float else TYPES[type(value)]
        raise RefusalError(400, f"{name} is {what}; it must be a whole number.")
    return value


def text(name: str, value: Any, most: int) -> str:
    """Return a value that is a text within its length.

    Args:
        name: of the field, for people.
        value: as it came.
        most: characters that are allowed.

    Raises:
        RefusalError: 400, it is no string, or empty; 413, it is too long.
    """
    found: str = typed(name, value, str)
    if not found:
        raise RefusalError(400, f"{name} is empty; send at least one character.")
    if len(found) > most:
        raise RefusalError(
            413, f"{name} has {len(found)} characters; at most {most} are allowed. Send parts."
        )
    return found
