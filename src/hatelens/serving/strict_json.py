"""Reads JSON that a stranger sent: no NaN, no field twice, no bottomless nesting.

The standard library reads it, for pydantic refuses lone surrogates, which real posts hold.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from hatelens.serving.answer import RefusalError


def loads(body: bytes, wanted: str) -> Any:
    """Read a body.

    Args:
        body: as it came.
        wanted: the sentence that says what to send.

    Raises:
        RefusalError: 400, it is empty, not UTF-8 or not JSON.
    """
    content = decoded(body, wanted)
    constant, pairs = partial(_constant, wanted), partial(_object, wanted)
    try:
        return json.loads(content, parse_constant=constant, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise RefusalError(400, f"The body is not JSON: {error.msg} ({place}). {wanted}") from None
    except RecursionError:
        raise RefusalError(400, f"The JSON is nested too deeply. {wanted}") from None
    except ValueError:
        raise RefusalError(400, f"The JSON holds a number with too many digits. {wanted}") from None


def decoded(body: bytes, wanted: str) -> str:
    """Return the characters of a body.

    Raises:
        RefusalError: 400, it is empty or not UTF-8.
    """
    try:
        content = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusalError(
            400,
            f"The body is not UTF-8: byte {error.start} is {body[error.start]:#04x}; send UTF-8.",
        ) from None
    if not content:
        raise RefusalError(400, f"The body is empty. {wanted}")
    return content


def _constant(wanted: str, name: str) -> None:
    raise RefusalError(400, f"The body is not JSON: {name} is no JSON number. {wanted}")


def _object(wanted: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise RefusalError(400, f"The JSON names a field twice; name each once. {wanted}")
    return fields
