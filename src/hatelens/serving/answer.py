"""What the server sends back: JSON that any text survives, and one line for every refusal."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse

from hatelens.errors import UserError


class RefusalError(UserError):
    """A request that the server does not answer.

    Args:
        status: the HTTP status, 4xx or 503.
        line: what was found, what is allowed, what to do.
        retry_after: seconds after which to ask again; 0 where nothing is known of that.
    """

    def __init__(self, status: int, line: str, *, retry_after: int = 0) -> None:
        super().__init__(line)
        self.status = status
        self.retry_after = retry_after


class Json(JSONResponse):
    """JSON in ASCII, so that a lone surrogate in a text becomes an escape and not a crash."""

    def render(self, content: Any) -> bytes:
        """Turn plain values into bytes."""
        return json.dumps(content, ensure_ascii=True, allow_nan=False).encode("ascii")


def refused(status: int, line: str) -> Json:
    """Return the one shape that every answer other than 200 has."""
    return Json({"error": line}, status_code=status)


def shown(value: object, limit: int = 60) -> str:
    """Return a short, printable ASCII form of something that a stranger sent."""
    text = ascii(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
