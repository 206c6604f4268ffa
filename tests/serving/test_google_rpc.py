"""The envelope of google.rpc."""

from __future__ import annotations

import json

import pytest

from hatelens.serving.google_rpc import GoogleError, refusal


def test_a_reason_is_told_with_its_facts() -> None:
    answer = GoogleError("COMMENT_EMPTY", "Comment must be non-empty.", place=3).answer()
    assert answer.status_code == 400
    assert json.loads(bytes(answer.body)) == {
        "error": {
            "code": 400,
            "message": "Comment must be non-empty.",
            "status": "INVALID_ARGUMENT",
            "details": [
                {
                    "@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error",
                    "errorType": "COMMENT_EMPTY",
                    "place": 3,
                }
            ],
        }
    }


@pytest.mark.parametrize(
    ("status", "sent", "word"),
    [
        (400, 400, "INVALID_ARGUMENT"),
        (401, 401, "UNAUTHENTICATED"),
        (403, 403, "PERMISSION_DENIED"),
        (404, 404, "NOT_FOUND"),
        (413, 413, "INVALID_ARGUMENT"),
        (415, 400, "INVALID_ARGUMENT"),
        (418, 418, "INVALID_ARGUMENT"),
        (422, 400, "INVALID_ARGUMENT"),
        (429, 429, "RESOURCE_EXHAUSTED"),
        (500, 500, "INTERNAL"),
        (503, 503, "UNAVAILABLE"),
        (507, 507, "UNKNOWN"),
    ],
)
def test_every_status_has_googles_word(status: int, sent: int, word: str) -> None:
    answer = refusal(status, "A line \ud800.")
    error = json.loads(bytes(answer.body))["error"]
    assert (answer.status_code, error["code"], error["status"]) == (sent, sent, word)
    assert error["message"] == "A line \ud800."
    assert ("details" in error) == (sent == 400)
