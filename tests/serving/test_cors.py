from __future__ import annotations

from collections.abc import Sequence

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient, httpx

from hatelens.errors import ConfigError
from hatelens.serving import cors

FORUM = "https://forum.example"


def client(origins: Sequence[str] = (FORUM,)) -> TestClient:
    route = Route("/infer", lambda _: PlainTextResponse("kind"), methods=["POST"])
    app = Starlette(routes=[route])
    app.add_middleware(cors.Cors, origins=cors.checked(origins))
    return TestClient(app)


def preflight(
    asked: TestClient, origin: str, method: str = "POST", headers: str = ""
) -> httpx.Response:
    sent = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        sent["Access-Control-Request-Headers"] = headers
    return asked.options("/infer", headers=sent)


def test_an_allowed_website_may_ask_with_a_key() -> None:
    answer = preflight(client(), FORUM, headers="authorization, content-type, x-api-key")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == FORUM
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [
        ("https://other.example", "POST", ""),
        ("https://forum.example.other.example", "POST", ""),
        ("http://forum.example", "POST", ""),
        ("null", "POST", ""),
        (FORUM, "PATCH", ""),
        (FORUM, "POST", "x-anything"),
    ],
)
def test_all_else_is_refused_in_the_one_shape(origin: str, method: str, headers: str) -> None:
    answer = preflight(client(), origin, method, headers)
    assert answer.status_code == 403
    assert "HATELENS_CORS_ORIGINS" in answer.json()["error"]
    assert "access-control-allow-origin" not in answer.headers


def test_another_website_gets_no_permission_to_read_an_answer() -> None:
    asked = client()
    allowed = asked.post("/infer", headers={"Origin": FORUM})
    assert allowed.headers["access-control-allow-origin"] == FORUM
    assert "X-Request-Id" in allowed.headers["access-control-expose-headers"]
    other = asked.post("/infer", headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in other.headers
    assert other.headers["vary"] == "Origin"


def test_a_star_alone_allows_everybody_without_credentials() -> None:
    answer = preflight(client(["*"]), "https://other.example")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    ["forum.example", FORUM + "/", FORUM + "/page", "HTTPS://forum.example", "*", "", "https://*"],
)
def test_what_is_no_origin_is_named(origin: str) -> None:
    with pytest.raises(ConfigError, match="HATELENS_CORS_ORIGINS holds") as error:
        cors.checked([FORUM, origin])
    assert repr(origin) in str(error.value)


def test_addresses_of_machines_and_ports_are_origins() -> None:
    origins = ("http://localhost:3000", "http://127.0.0.1:8080", "http://[::1]:5173")
    assert cors.checked(origins) == origins
    assert cors.checked(()) == ()
