from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from hatelens.serving.headers import SECURITY


@pytest.mark.parametrize("path", ["/", "/docs", "/healthcheck", "/openapi.json", "/nothing"])
def test_every_answer_has_the_security_headers(client: TestClient, path: str) -> None:
    answer = client.get(path)
    for name, value in SECURITY.items():
        assert answer.headers[name] == value


def test_a_server_error_has_them_too(broken: TestClient) -> None:
    answer = broken.post("/infer", json={"text": "a"})
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == SECURITY["Content-Security-Policy"]


def test_the_policy_allows_no_inline_script_or_style_and_nothing_from_outside() -> None:
    policy = SECURITY["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy


def test_a_header_that_a_route_sets_itself_stays(client: TestClient) -> None:
    assert client.get("/static/page.css").headers["cache-control"] == "no-cache"
