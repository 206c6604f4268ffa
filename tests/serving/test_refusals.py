from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from hatelens.errors import DataError, StorageError
from hatelens.serving import refusals
from hatelens.serving.answer import RefusalError
from hatelens.serving.headers import SECURITY

LINE = "Something is wrong; send another."
SHAPES = {
    "/infer": ["error"],
    "/v1alpha1/comments:analyze": ["error", "error.code", "error.message", "error.status"],
    "/v1/moderations": ["error", "error.message", "error.type", "error.param", "error.code"],
    "/contentsafety/text:analyze": ["error", "error.code", "error.message"],
}


def keys(content: dict[str, object], before: str = "") -> set[str]:
    inner = {
        key
        for name, value in content.items()
        if isinstance(value, dict)
        for key in keys(value, f"{before}{name}.")
    }
    return {before + name for name in content} | inner


@pytest.fixture
def failing(app: FastAPI) -> Iterator[TestClient]:
    """The service with routes that fail, also below the paths of other services."""
    errors: dict[str, Exception] = {
        "full": RefusalError(429, LINE, retry_after=7),
        "stopped": RefusalError(503, LINE),
        "unrecorded": StorageError(LINE),
        "mistaken": DataError(LINE),
        "broken": OSError("the weights are gone"),
    }

    def fail(name: str) -> None:
        raise errors[name]

    for begin in ("", "/v1alpha1", "/v1/moderations", "/contentsafety"):
        app.get(begin + "/fail/{name}")(fail)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(("path", "wanted"), SHAPES.items())
def test_a_refusal_has_the_form_of_its_path(path: str, wanted: list[str]) -> None:
    answer = refusals.formed(path, 422, LINE)
    assert 400 <= answer.status_code < 500
    content = json.loads(bytes(answer.body))
    assert set(wanted) <= keys(content)
    assert LINE in bytes(answer.body).decode()


@pytest.mark.parametrize(
    ("name", "status", "pause"),
    [
        ("full", 429, "7"),
        ("stopped", 503, None),
        ("unrecorded", 503, "1"),
        ("mistaken", 422, None),
        ("broken", 500, None),
    ],
)
def test_status_and_pause_follow_the_error(
    failing: TestClient, name: str, status: int, pause: str | None
) -> None:
    answer = failing.get(f"/fail/{name}")
    assert answer.status_code == status
    assert answer.headers.get("retry-after") == pause
    line = answer.json()["error"]
    assert line == (LINE if status != 500 else refusals.FAILED)
    assert len(answer.headers["x-request-id"]) == 26
    assert answer.headers["content-security-policy"] == SECURITY["Content-Security-Policy"]


@pytest.mark.parametrize("begin", ["/v1alpha1", "/v1/moderations", "/contentsafety"])
def test_the_forms_of_other_services_have_the_pause_too(failing: TestClient, begin: str) -> None:
    full = failing.get(f"{begin}/fail/full")
    assert (full.status_code, full.headers["retry-after"]) == (429, "7")
    assert full.json()["error"]["message"] == LINE
    broken = failing.get(f"{begin}/fail/broken")
    assert broken.status_code == 500
    assert broken.json()["error"]["message"] == refusals.FAILED
    assert failing.get(f"{begin}/lost").json()["error"]["message"] == refusals.LOST


def test_a_wrong_method_is_refused_in_the_form_of_the_path(failing: TestClient) -> None:
    answer = failing.get("/v1/moderations")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert "does not take GET" in answer.json()["error"]["message"]
