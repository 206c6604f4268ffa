from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from hatelens.config.settings import ServerSettings
from hatelens.errors import StorageError
from hatelens.serving import caller
from hatelens.serving.answer import refused
from hatelens.serving.caller import Caller, Callers
from hatelens.storage import database as databases
from hatelens.storage import keys
from hatelens.storage.database import Database
from hatelens.storage.keys import SCOPES, Key

PATHS = (
    "/", "/docs", "/healthcheck", "/static/page.css", "/$discovery/rest", "/infer", "/report",
    "/jobs/one/result", "/v1alpha1/comments:analyze", "/v1/moderations",
)  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = databases.opened(f"sqlite:///{tmp_path / 'record.db'}")
    yield opened
    opened.close()


async def told(request: Request) -> Response:
    """Say who asks."""
    found = caller.of(request)
    return JSONResponse({"key": found.key, "scopes": sorted(found.scopes), "rate": found.rate})


def client(
    find: Callable[[str], Key | None] | Database, address: str = "192.0.2.1", **given: Any
) -> TestClient:
    """A service that only says who asks."""
    looked_up = (lambda token: keys.find(find, token)) if isinstance(find, Database) else find
    app = Starlette(routes=[Route(path, told, methods=["GET", "POST"]) for path in PATHS])
    app.add_middleware(
        Callers,
        find=looked_up,
        settings=ServerSettings(**given),
        refused=lambda path, status, line: refused(status, f"{path}: {line}"),
    )
    return TestClient(app, client=(address, 50_000))


def made(database: Database, *scopes: str, rate: int = 0) -> tuple[Key, dict[str, str]]:
    """Make a key; return it with the header that presents it."""
    key, token = keys.add(database, "forum", scopes or SCOPES, rate)
    return key, {"Authorization": f"Bearer {token}"}


def test_without_keys_everybody_may_ask_for_everything(database: Database) -> None:
    asked = client(database)
    assert asked.post("/infer").json() == {"key": "", "scopes": sorted(SCOPES), "rate": 0}
    assert "ratelimit" not in asked.get("/report").headers


def test_where_a_key_is_needed_only_what_is_named_public_is_open(database: Database) -> None:
    asked = client(database, require_key=True)
    statuses = {path: asked.get(path).status_code for path in PATHS}
    closed = {path for path, status in statuses.items() if status == 401}
    assert closed == {path for path in PATHS if not caller.is_public(path)}
    assert closed == set(PATHS[5:])
    assert asked.get("/of-tomorrow").status_code == 401


@pytest.mark.parametrize(
    "path",
    ["", "//", "/./", "/static", "/Static/page.css", "/docs/", "//infer", "/infer/", "/live/x"],
)
def test_no_other_spelling_of_a_public_path_is_public(path: str) -> None:
    assert not caller.is_public(path)


def test_a_key_is_taken_from_every_place_that_clients_put_it(database: Database) -> None:
    key, headers = made(database, "detect")
    token = headers["Authorization"].removeprefix("Bearer ")
    asked = client(database, require_key=True)
    for sent in (
        {"Authorization": f"bearer  {token} "},
        {"X-Api-Key": token},
        {"X-Goog-Api-Key": token},
        {"Ocp-Apim-Subscription-Key": token},
    ):
        assert asked.post("/infer", headers=sent).json()["key"] == key.id
    answer = asked.post(f"/v1alpha1/comments:analyze?alt=json&key={token}")
    assert answer.json()["key"] == key.id


def test_a_key_in_an_address_opens_perspectives_routes_only(database: Database) -> None:
    _, headers = made(database)
    token = headers["Authorization"].removeprefix("Bearer ")
    assert client(database, require_key=True).post(f"/infer?key={token}").status_code == 401


def test_a_browser_gives_the_key_as_the_password_of_the_report(database: Database) -> None:
    key, headers = made(database)
    token = headers["Authorization"].removeprefix("Bearer ")
    asked = client(database, require_key=True)
    assert asked.get("/report").headers["www-authenticate"].startswith("Basic realm=")
    assert asked.get("/report", auth=("anyone", token)).json()["key"] == key.id
    assert asked.get("/infer", auth=("anyone", token)).status_code == 401
    assert asked.get("/infer").headers["www-authenticate"] == 'Bearer realm="hatelens"'


@pytest.mark.parametrize(
    "text", ["", "=", "%%%", "\xff", "eA", base64.b64encode(b"\xff:\xfe").decode()]
)
def test_a_broken_password_is_no_key(database: Database, text: str) -> None:
    sent = {b"Authorization": f"Basic {text}".encode("latin-1")}
    assert client(database, require_key=True).get("/report", headers=sent).status_code == 401


@pytest.mark.parametrize(
    "token",
    [
        "hl_" + "a" * 43,
        "hl_" + "a" * 44,
        "hl_" + "a" * 42 + "\xff",
        "hl_" + "a" * 100_000,
        "' OR 1=1 --",
        "sk-of-another-service",
    ],
)
def test_a_wrong_key_is_refused_without_showing_it(database: Database, token: str) -> None:
    made(database)
    answer = client(database, require_key=True).post(
        "/infer", headers={b"X-Api-Key": token.encode("latin-1")}
    )
    assert answer.status_code == 401
    assert token not in answer.text
    assert "not known here" in answer.json()["error"]


def test_the_refusal_has_the_form_of_its_path(database: Database) -> None:
    answer = client(database, require_key=True).post("/v1/moderations")
    assert answer.json()["error"].startswith("/v1/moderations: An API key is needed; send it as")


def test_a_key_without_the_scope_is_refused_and_told_which(database: Database) -> None:
    _, headers = made(database, "detect", "jobs")
    asked = client(database, require_key=True)
    assert asked.post("/infer", headers=headers).status_code == 200
    assert asked.get("/jobs/one/result", headers=headers).status_code == 200
    answer = asked.get("/report", headers=headers)
    assert answer.status_code == 403
    assert "the scope report; this one has detect, jobs" in answer.json()["error"]


def test_every_scope_is_of_some_path_and_no_path_has_another() -> None:
    assert set(caller.NEEDED.values()) == set(SCOPES)


def test_where_none_is_needed_a_key_of_ours_counts_and_anothers_does_not(
    database: Database,
) -> None:
    key, headers = made(database, "detect")
    asked = client(database)
    assert asked.post("/infer", headers=headers).json()["key"] == key.id
    assert asked.get("/report", headers=headers).status_code == 403
    assert asked.post("/infer", headers={"Authorization": "Bearer sk-other"}).json()["key"] == ""
    assert asked.post("/infer", headers={"X-Api-Key": "hl_" + "b" * 43}).status_code == 401


def test_a_limit_holds_for_each_key_and_says_when_to_come_back(database: Database) -> None:
    _, headers = made(database, rate=2)
    asked = client(database, rate_limit=1)
    answers = [asked.post("/infer", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit"] == '"requests";r=1;t=30'
    assert answers[2].headers["retry-after"] == "30"
    assert "At most 2 requests a minute" in answers[2].json()["error"]
    assert asked.post("/infer").status_code == 200  # another bucket: that of the address
    assert asked.post("/infer").status_code == 429
    assert asked.get("/healthcheck").status_code == 200


def test_wrong_keys_count_for_their_address(database: Database) -> None:
    asked = client(database, require_key=True, rate_limit=2)
    statuses = [
        asked.post("/infer", headers={"X-Api-Key": f"guess {n}"}).status_code for n in range(4)
    ]
    assert statuses == [401, 401, 429, 429]


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_counted_as_one_owners(host: str, counted: str) -> None:
    assert caller.address({"client": (host, 1)}) == counted
    assert caller.address({"client": None}) == ""


def test_an_address_that_a_request_makes_up_is_not_believed(database: Database) -> None:
    asked = client(database, rate_limit=1)
    sent = [{"X-Forwarded-For": f"198.51.100.{n}"} for n in range(2)]
    assert [asked.post("/infer", headers=each).status_code for each in sent] == [200, 429]


def test_keys_that_cannot_be_looked_up_open_nothing() -> None:
    def find(_: str) -> Key | None:
        raise StorageError("postgresql://name@host/record does not answer.")

    sent = {"X-Api-Key": "hl_" + "a" * 43}
    for needed in (True, False):
        answer = client(find, require_key=needed).post("/infer", headers=sent)
        assert answer.status_code == 503
        assert "host" not in answer.json()["error"]


def test_a_request_that_passed_no_middleware_is_nobodys() -> None:
    assert caller.of(Request({"type": "http"})) == Caller()
