"""Errors in the envelope of google.rpc, which Google's clients and their users' code read."""

from __future__ import annotations

from typing import Any

from hatelens.serving.answer import Json, RefusalError

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
AS_GOOGLE = {415: 400, 422: 400}
"""Google knows no such statuses: whatever is wrong with a request is 400 there."""
TYPE = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
OTHER = "INVALID_REQUEST"


class GoogleError(RefusalError):
    """A request that Perspective refuses with 400 and a reason of its own.

    Args:
        kind: the reason, as in ``COMMENT_EMPTY``.
        line: what was found, what is allowed, what to do.
        **facts: what the reason is told with.
    """

    def __init__(self, kind: str, line: str, **facts: Any) -> None:
        super().__init__(400, line)
        self.kind = kind
        self.facts = facts

    def answer(self) -> Json:
        """Return the refusal as it is sent."""
        return envelope(400, str(self), {"@type": TYPE, "errorType": self.kind, **self.facts})


def refusal(status: int, line: str) -> Json:
    """Return any other refusal in the same envelope.

    Args:
        status: the HTTP status; where Google has no such one, the next that it has is sent.
        line: what was found, what is allowed, what to do.
    """
    status = AS_GOOGLE.get(status, status)
    return envelope(status, line, *([{"@type": TYPE, "errorType": OTHER}] if status == 400 else []))


def envelope(status: int, line: str, *details: dict[str, Any]) -> Json:
    """Return an error with its details."""
    fallback = "INVALID_ARGUMENT" if status < 500 else "UNKNOWN"
    error = {"code": status, "message": line, "status": STATUS.get(status, fallback)}
    return Json({"error": error | ({"details": details} if details else {})}, status_code=status)
