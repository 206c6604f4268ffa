from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from hatelens.storage import database as databases
from hatelens.storage import identity, keys
from tests.serving import whole
from tests.serving.recorded import url
from tests.serving.reviewing import Reviewer, user

JSON = {"content-type": "application/json"}
FOOD = "Zorblaxian food is stupid and disgusting."


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with whole.running(tmp_path) as opened:
        yield opened


def ask(client: TestClient, text: str = FOOD) -> str:
    return client.post("/infer", json={"text": text}).headers["x-request-id"]


def test_an_appeal_is_open_until_a_person_has_decided(client: TestClient, tmp_path: Path) -> None:
    made = client.post("/appeals", json={"request": ask(client), "place": 0, "reason": "quoted"})
    assert made.status_code == 201
    assert made.json()["state"] == "open"
    address = made.headers["location"]
    assert address == f"/appeals/{made.json()['id']}"
    assert client.get(address).json() == made.json()
    user(tmp_path)
    anna = Reviewer(client)
    anna.send("verdict", label="unkind")
    assert client.get(address).json()["state"] == "upheld"
    anna.send("undo")
    assert client.get(address).json()["state"] == "open"
    anna.send("verdict", label="unclear")
    assert client.get(address).json()["state"] == "unclear"


def test_one_appeal_at_a_time_can_be_open_against_an_answer(client: TestClient) -> None:
    body = {"request": ask(client)}
    first = client.post("/appeals", json=body)
    second = client.post("/appeals", json=body)
    assert second.status_code == 409
    assert first.json()["id"] in second.json()["error"]


def test_what_is_not_on_record_or_not_stored_cannot_be_looked_at(tmp_path: Path) -> None:
    with whole.running(tmp_path, store_text="never") as client:
        request = ask(client)
        for body, status in (
            ({"request": request}, 410),
            ({"request": request, "place": 1}, 404),
            ({"request": request, "place": -1}, 404),
            ({"request": request, "place": 10**30}, 404),
            ({"request": identity.new()}, 404),
        ):
            answer = client.post("/appeals", json=body)
            assert answer.status_code == status
            assert set(answer.json()) == {"error"}
            assert answer.json()["error"].endswith(".")


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        ({}, 400, "request is null"),
        ({"request": ""}, 400, "request is empty"),
        ({"request": "x" * 200}, 413, "200 characters"),
        ({"request": 1}, 400, "request is a number"),
        ({"request": "x", "place": True}, 400, "place is"),
        ({"request": "x", "place": "0"}, 400, "place is a string"),
        ({"request": "x", "place": 0.5}, 400, "place is '0.5'; it must be a whole number"),
        ({"request": "x", "place": 2.0}, 404, "No answer"),
        ({"request": "x", "reason": None}, 400, "reason is null"),
        ({"request": "x", "reasons": ""}, 400, "reason"),
        ({"request": "\ud800\x00"}, 404, "No answer"),
        ([], 400, "must be an object"),
    ],
)
def test_a_mistaken_body_gets_one_line(
    client: TestClient, body: Any, status: int, part: str
) -> None:
    answer = client.post("/appeals", content=json.dumps(body), headers=JSON)
    assert answer.status_code == status
    assert part in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_a_reason_has_at_most_2000_characters(client: TestClient) -> None:
    answer = client.post("/appeals", json={"request": ask(client), "reason": "x" * 2001})
    assert answer.status_code == 422
    assert "2001" in answer.json()["error"]


@pytest.mark.parametrize("name", ["nothing", "0" * 26, "%00", "%ed%a0%80"])
def test_an_appeal_that_there_is_not_is_not_found(client: TestClient, name: str) -> None:
    assert client.get(f"/appeals/{name}").status_code == 404


def test_an_appeal_needs_its_scope_and_is_seen_by_its_key_only(tmp_path: Path) -> None:
    database = databases.opened(url(tmp_path))
    _, detects = keys.add(database, "forum", ["detect"])
    _, appealing = keys.add(database, "people", ["appeals", "detect"])
    _, other = keys.add(database, "others", ["appeals"])
    database.close()
    with whole.running(tmp_path, require_key=True) as client:
        asked = client.post("/infer", json={"text": FOOD}, headers={"X-Api-Key": detects})
        body = {"request": asked.headers["x-request-id"]}
        refused = client.post("/appeals", json=body, headers={"X-Api-Key": detects})
        assert refused.status_code == 403
        assert "scope appeals" in refused.json()["error"]
        made = client.post("/appeals", json=body, headers={"X-Api-Key": appealing})
        assert made.status_code == 201
        address = made.headers["location"]
        assert client.get(address, headers={"X-Api-Key": appealing}).status_code == 200
        assert client.get(address, headers={"X-Api-Key": other}).status_code == 404


def test_the_api_page_documents_appeals_with_an_example(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "POST /appeals" in page
    assert "I was quoting what they call us." in page
    assert "overturned" in str(client.get("/openapi.json").json()["components"]["schemas"])
